using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;
using EbpfLb.Testing.Agents;

namespace EbpfLb.Datapath.Tests.Schedulers;

/// <summary>
/// A client reaches the same backend by whichever node: two agents' tables in the kernel are the same, in whatever order endpoints and
/// slices
/// came, and whatever was there before.
/// </summary>
public sealed class MaglevConsistencyTests
{
    private const int Endpoints = 40;

    [Fact]
    public async Task Two_agents_that_were_told_in_another_order_have_equal_bytes()
    {
        using var first = new TestInstance();
        using var second = new TestInstance();
        await using var one = first.Open();
        await using var other = second.Open();
        Apply(one, Table(Order(1)));
        Apply(other, Table(Order(2), slices: 3));

        var bytes = Rows(first);
        Assert.Contains(bytes, row => row != default);
        Assert.Equal(bytes, Rows(second));
    }

    [Fact]
    public async Task With_another_history_the_same_backend_is_at_each_place()
    {
        using var first = new TestInstance();
        using var second = new TestInstance();
        await using var one = first.Open();
        await using var other = second.Open();
        Apply(one, Table(Order(1)));
        Apply(other, Table(Order(3).Take(25)));
        Apply(other, Table(Order(4).Skip(5)));
        Apply(other, Table(Order(2)));

        var places = Places(first);
        Assert.Equal(Endpoints, places.Distinct().Count());
        Assert.Equal(places, Places(second));
    }

    private static void Apply(Dataplane dataplane, ForwardingTable table)
    {
        Assert.True(dataplane.Services.Apply(table).Result.IsComplete);
        // New maps have their names from here on.
        dataplane.Hooks.Attach();
    }

    private static int[] Order(int seed)
    {
        var order = Enumerable.Range(1, Endpoints).ToArray();
        new Random(seed).Shuffle(order);
        return order;
    }

    private static ForwardingTable Table(IEnumerable<int> endpoints, int slices = 1) => TestInstance.Table(cluster =>
    {
        cluster.Service("web", ["10.96.0.1"], [":80"], scheduler: Scheduler.Maglev, maglevTableSize: 2039);
        foreach (var (index, some) in endpoints.Chunk((Endpoints + slices - 1) / slices).Index())
            cluster.Slice($"web-{slices - index}", "web", [":8080"], [.. some.Select(e => $"10.1.0.{e} weight={1 + (e % 3)}")]);
    });

    private static LbMaglevRow[] Rows(TestInstance instance)
    {
        using var map = Open<LbMaglevRow>(instance, Abi.Tables.Maglev);
        return map.ReadOnlySpan.ToArray();
    }

    /// <summary>The backends' addresses, in order of the places of the table.</summary>
    private static List<BackendAddress> Places(TestInstance instance)
    {
        using var services = BpfMap.OpenPinned<LbFrontend4, LbService>(PathOf(instance, Abi.Tables.Services4));
        using var rows = Open<LbMaglevRow>(instance, Abi.Tables.Maglev);
        using var backends = Open<LbBackend>(instance, Abi.Tables.Backends);
        var range = ServiceCodec.Cluster(services.Entries().Single(e => ServiceCodec.Cluster(e.Value).IsMaglev).Value);
        var found = new List<BackendAddress>();
        for (var place = 0u; place < range.Count; place++)
        {
            var row = rows.ReadOnlySpan[(int)(range.First + (place / SlotRange.PlacesARow))];
            found.Add(BackendCodec.Address(backends.ReadOnlySpan[(int)row.BackendIds[(int)(place % SlotRange.PlacesARow)]]));
        }
        return found;
    }

    private static MappedArray<T> Open<T>(TestInstance instance, Table table)
        where T : unmanaged
        => new(BpfMap.OpenPinned(PathOf(instance, table)), writable: false);

    private static string PathOf(TestInstance instance, Table table) =>
        new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map(table.Name);
}
