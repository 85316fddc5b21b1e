using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>What comes of changing files one after the other is what comes of reading the last state of them at once.</summary>
public sealed class IncrementalMergeTests
{
    private static readonly string[] Names = ["a", "b", "c", "d"];
    private static readonly string[] FileNames = ["1.yaml", "2.yaml", "3.yaml", "4.yaml"];

    [Fact]
    public void Any_history_of_files_ends_at_what_a_fresh_reading_ends_at()
    {
        var incremental = 0;
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var files = new SortedDictionary<string, ManifestContent>(StringComparer.Ordinal);
            var merge = new ManifestMerge("n1");
            var state = new ClusterStateBuilder();
            merge.Apply(Of(files), state);
            for (var step = 0; step < 30; step++)
            {
                var changes = Change(random, files, universe: seed % 3 + 2);
                if (merge.TryChange(changes, state)) incremental++;
                else merge.Apply(Of(files), state);

                var fresh = new ManifestMerge("n1");
                var expected = new ClusterStateBuilder();
                fresh.Apply(Of(files), expected);
                AssertSame(expected.Build(), state.Build());
                Assert.Equal(fresh.Problems, merge.Problems);
            }
        }
        Assert.InRange(incremental, 1000, 300 * 30);
    }

    [Fact]
    public void A_change_of_one_file_among_many_touches_only_what_it_holds()
    {
        var merge = new ManifestMerge("n1");
        var state = new ClusterStateBuilder();
        var files = Enumerable.Range(0, 20_000).Select(i
            => ($"{i}.yaml", Content(Service($"s{i}", $"10.{96 + i / 65536}.{i / 256 % 256}.{i % 256}")))).ToList();
        merge.Apply(files.Select(f => (f.Item1, f.Item2)), state);
        var before = state.Build();
        var changed = Content(Service("s7", "10.200.0.7"));
        var begin = GC.GetAllocatedBytesForCurrentThread();

        Assert.True(merge.TryChange([new FileChange("7.yaml", files[7].Item2, changed)], state));
        var after = state.Build();

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - begin, 1, 32 * 1024);
        Assert.Equal("default/s7", Assert.Single(after.Services.DifferencesFrom(before.Services)).Key.ToString());
    }

    private static IEnumerable<(string, ManifestContent)> Of(SortedDictionary<string, ManifestContent> files)
        => files.Select(f => (f.Key, f.Value));

    /// <summary>One or two files get other objects, some of them the same as before, or go.</summary>
    private static List<FileChange> Change(Random random, SortedDictionary<string, ManifestContent> files, int universe)
    {
        List<FileChange> changes = [];
        foreach (var name in FileNames.OrderBy(_ => random.Next()).Take(random.Next(1, 3)))
        {
            var before = files.GetValueOrDefault(name) ?? ManifestContent.Empty;
            var objects = before.Objects.Where(_ => random.Next(4) > 0).ToList();
            for (var i = random.Next(3); i > 0; i--) objects.Insert(random.Next(objects.Count + 1), Any(random, name[0] - '0', universe));
            if (objects.Count == 0) files.Remove(name);
            else files[name] = Content([.. objects]);
            changes.Add(new FileChange(name, before, files.GetValueOrDefault(name) ?? ManifestContent.Empty));
        }
        return changes;
    }

    /// <summary>The smaller the universe, the more files want the same.</summary>
    private static ManifestObject Any(Random random, int file, int universe)
    {
        var name = universe == 4 && random.Next(4) > 0 ? $"{Names[random.Next(4)]}{file}" : Names[random.Next(universe)];
        var address = universe == 4 && random.Next(4) > 0 ? $"10.96.{file}.{random.Next(9)}" : $"10.96.0.{random.Next(universe)}";
        return random.Next(10) switch
        {
            < 4 => Service(name, address, random.Next(3) == 0 ? (ushort)(30000 + random.Next(universe)) : (ushort)0,
                random.Next(6) == 0 ? (ushort)(30000 + random.Next(4)) : (ushort)0, random.Next(2) == 0),
            < 7 => Slice($"{name}-{random.Next(2)}", Names[random.Next(universe)], $"10.244.0.{random.Next(9)}"),
            7 => new ManifestObject(
                new("Endpoints", Name(name)), default, Slices: [SliceOf($"{name}:0:IPv4", name, $"10.245.0.{random.Next(9)}")]),
            8 => NodeOf($"n{random.Next(2)}", $"192.0.2.{random.Next(5)}"),
            _ => new ManifestObject(new("ServiceCIDR", new ObjectName("", name)), default,
                ServiceCidr: new ServiceCidr(name, [SourceRange.Only(IpAddress.Parse(address))])),
        };
    }

    private static ManifestObject Service(string name, string address, ushort nodePort = 0, ushort check = 0, bool hasSelector = false)
        => new(
        new("Service", Name(name)),
        default,
        Service: new Service(Name(name), ServiceType.LoadBalancer, [IpAddress.Parse(address)],
            [new ServicePort("", TransportProtocol.Tcp, 80, nodePort)], 0, ServiceLabels.None)
        {
            HealthCheckNodePort = check,
        },
        HasSelector: hasSelector);

    private static ManifestObject NodeOf(string name, string address)
        => new(new("Node", new ObjectName("", name)), default, Node: new Node(name, [IpAddress.Parse(address)], [], null, false, []));

    private static ManifestObject Slice(string name, string owner, string address)
        => new(new("EndpointSlice", Name(name)), default, Slices: [SliceOf(name, owner, address)]);

    private static EndpointSlice SliceOf(string name, string owner, string address)
        => new(Name(name), owner, IpFamily.IPv4, [], [new Endpoint(IpAddress.Parse(address), EndpointConditions.Default)]);

    private static ManifestContent Content(params ManifestObject[] objects) => new([.. objects], [], []);

    private static ObjectName Name(string name) => new("default", name);

    private static void AssertSame(ClusterSnapshot expected, ClusterSnapshot found)
    {
        Assert.Equal(expected.Services.Keys, found.Services.Keys);
        foreach (var (name, entry) in expected.Services)
        {
            Assert.Equal(entry.Service, found.Services[name].Service);
            Assert.Equal(entry.Slices, found.Services[name].Slices);
        }
        Assert.Equal(expected.Node, found.Node);
        Assert.Equal(expected.ServiceCidrs, found.ServiceCidrs);
    }
}
