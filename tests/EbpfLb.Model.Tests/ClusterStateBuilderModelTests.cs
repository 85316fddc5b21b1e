namespace EbpfLb.Model.Tests;

/// <summary>Random histories against the plainest thing that could be right: two dictionaries.</summary>
public sealed class ClusterStateBuilderModelTests
{
    private readonly Dictionary<ObjectName, Service> services = [];
    private readonly Dictionary<ObjectName, EndpointSlice> slices = [];
    private readonly ClusterStateBuilder builder = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Any_history_of_changes_ends_in_the_state_of_plain_dictionaries(int seed)
    {
        var random = new Random(seed);
        var before = builder.Build();
        for (var step = 0; step < 1_500; step++)
        {
            var changed = Step(random);
            var after = builder.Build();
            if (!changed) Assert.Same(before.Services, after.Services);
            AssertState(before, after);
            before = after;
        }
    }

    private bool Step(Random random)
    {
        var name = Build.Name($"s{random.Next(6)}");
        var sliceName = Build.Name($"slice{random.Next(12)}");
        switch (random.Next(4))
        {
            case 0:
                var service = Build.Service(name.Name, $"10.96.0.{random.Next(1, 3)}");
                Assert.Equal(!services.TryGetValue(name, out var old) || old != service, builder.Set(service));
                var serviceChanged = old != service;
                services[name] = service;
                return serviceChanged;
            case 1:
                var slice = Build.Slice(sliceName.Name, $"s{random.Next(6)}", $"10.244.0.{random.Next(1, 3)}");
                var sliceChanged = !slices.TryGetValue(sliceName, out var oldSlice) || oldSlice != slice;
                Assert.Equal(sliceChanged, builder.Set(slice));
                slices[sliceName] = slice;
                return sliceChanged;
            case 2:
                var removed = services.Remove(name);
                Assert.Equal(removed, builder.RemoveService(name));
                return removed;
            default:
                var sliceRemoved = slices.Remove(sliceName);
                Assert.Equal(sliceRemoved, builder.RemoveSlice(sliceName));
                return sliceRemoved;
        }
    }

    private void AssertState(ClusterSnapshot before, ClusterSnapshot after)
    {
        var names = services.Keys.Concat(slices.Values.Select(s => s.Owner)).ToHashSet();
        Assert.Equal(names.Order(), after.Services.Keys.Order());
        Assert.Equal(services.Keys.Order(), builder.ServiceNames.Order());
        Assert.Equal(slices.Keys.Order(), builder.SliceNames.Order());
        foreach (var name in names)
        {
            var entry = after.Services[name];
            Assert.Equal(name, entry.Name);
            Assert.Equal(services.GetValueOrDefault(name), entry.Service);
            Assert.Equal(slices.Values.Where(s => s.Owner == name).OrderBy(s => s.Name), entry.Slices);
            // What did not change is the same object, so that whoever compares by reference sees exactly the changes.
            if (before.Services.TryGetValue(name, out var old) && old.Service == entry.Service && old.Slices.SequenceEqual(entry.Slices))
                Assert.Same(old, entry);
        }
    }
}
