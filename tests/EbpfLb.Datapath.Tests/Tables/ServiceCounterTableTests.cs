using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Tables;

namespace EbpfLb.Datapath.Tests.Tables;

/// <summary>Counters of service ports, those of each CPU beside each other.</summary>
public sealed class ServiceCounterTableTests : IDisposable
{
    private const int Services = 16;

    private readonly BpfMap map = BpfMap.Create(
        new MapSpec("t_stats", MapType.Array, 4, 32, (uint)(Services * PossibleCpus.Numbers()), MapFlags.Mappable));
    private readonly BpfMap ended = BpfMap.Create(new MapSpec("t_ends", MapType.Array, 4, 8, Services, MapFlags.Mappable));
    private readonly MappedArray<LbSvcStat> counts;

    public ServiceCounterTableTests()
    {
        counts = new MappedArray<LbSvcStat>(map.Duplicate());
        for (var i = 0; i < counts.Length; i++)
            counts.Span[i] = new LbSvcStat { Connections = (ulong)(i % Services), Closed = 1, Datagrams = 2, Refused = 3 };
    }

    public void Dispose()
    {
        counts.Dispose();
        map.Dispose();
        ended.Dispose();
    }

    [Fact]
    public void A_service_port_has_what_it_counted_on_all_CPUs()
    {
        using var table = Open(fresh: false);
        using var ends = new FlowEnds(ended.Duplicate(), loads: null);
        ends.Count(new FlowOwner(5, 0, default));
        var cpus = (ulong)PossibleCpus.Numbers();

        Assert.Equal(new ServiceCounters(5 * cpus, cpus + 1, 2 * cpus, 3 * cpus), table.Read(5));
        Assert.Equal(new ServiceCounters(15 * cpus, cpus, 2 * cpus, 3 * cpus), table.Read(15));
        Assert.Equal(default, table.Read(Services));
    }

    [Fact]
    public void A_new_owner_of_an_id_begins_at_zero_and_its_neighbours_go_on()
    {
        using var table = Open(fresh: false);
        var (before, after) = (table.Read(4), table.Read(6));

        table.Reset([5, Services]);

        Assert.Equal((before, default, after), (table.Read(4), table.Read(5), table.Read(6)));
    }

    [Fact]
    public void In_a_new_map_an_id_is_cleared_when_it_is_given_out_the_second_time()
    {
        using var table = Open(fresh: true);
        var counted = table.Read(5);

        table.Reset([5]);
        Assert.Equal(counted, table.Read(5));

        table.Reset([5]);
        Assert.Equal(default, table.Read(5));
    }

    private ServiceCounterTable Open(bool fresh)
        => new(new MappedWindows<LbSvcStat>(map.Duplicate()), new FlowEnds(ended.Duplicate(), loads: null), fresh);
}
