using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;

namespace EbpfLb.Datapath.Tests.Counters;

/// <summary>Packets and bytes of service ports and behind them of backends, those of each CPU beside each other.</summary>
public sealed class TrafficTableTests : IDisposable
{
    private const int Services = 4, Backends = 8;
    private static readonly int Cpus = PossibleCpus.Numbers();

    private readonly BpfMap map = NewMap((uint)((Services + Backends) * Cpus));

    public TrafficTableTests()
    {
        using var counts = new MappedArray<LbTraffic>(map.Duplicate());
        for (var i = 0; i < counts.Length; i++)
            counts.Span[i] = new LbTraffic { PacketsIn = (ulong)(i % (Services + Backends)), BytesIn = 1, PacketsOut = 2, BytesOut = 3 };
    }

    public void Dispose() => map.Dispose();

    [Fact]
    public void An_id_has_what_it_counted_on_all_CPUs()
    {
        using var table = Open(fresh: false);

        Assert.Equal(Counted(3), table.ReadService(3));
        Assert.Equal(Counted(Services + 7), table.ReadBackend(7));
        Assert.Null(table.ReadService(Services));
        Assert.Null(table.ReadBackend(Backends));
    }

    [Fact]
    public void A_new_owner_of_an_id_begins_at_zero_and_all_others_go_on()
    {
        using var table = Open(fresh: false);

        table.ResetService(3);
        table.ResetBackend(1);
        table.ResetService(Services);
        table.ResetBackend(Backends);

        Assert.Equal(default(Traffic), table.ReadService(3));
        Assert.Equal(default(Traffic), table.ReadBackend(1));
        Assert.Equal(Counted(2), table.ReadService(2));
        Assert.Equal(Counted(Services), table.ReadBackend(0));
        Assert.Equal(Counted(Services + 2), table.ReadBackend(2));
    }

    [Fact]
    public void In_a_new_map_an_id_is_cleared_when_it_is_given_out_the_second_time()
    {
        using var table = Open(fresh: true);

        table.ResetBackend(5);
        Assert.Equal(Counted(Services + 5), table.ReadBackend(5));

        table.ResetBackend(5);
        Assert.Equal(default(Traffic), table.ReadBackend(5));
    }

    [Fact]
    public void With_one_element_nothing_is_counted()
    {
        using var table = new TrafficTable(new MappedWindows<LbTraffic>(NewMap(1)), Services, Backends, fresh: false);

        table.ResetService(0);

        Assert.Null(table.ReadService(0));
        Assert.Null(table.ReadBackend(0));
    }

    private static Traffic Counted(int index) => new((ulong)(index * Cpus), (ulong)Cpus, 2 * (ulong)Cpus, 3 * (ulong)Cpus);

    private static BpfMap NewMap(uint entries) => BpfMap.Create(new MapSpec("t_traffic", MapType.Array, 4, 32, entries, MapFlags.Mappable));

    private TrafficTable Open(bool fresh) => new(new MappedWindows<LbTraffic>(map.Duplicate()), Services, Backends, fresh);
}
