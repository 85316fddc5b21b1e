using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Loading;
using EbpfLb.Planning;
using EbpfLb.Planning.Mirroring;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Tables;

/// <summary>The maps of one instance, typed.</summary>
internal sealed class KernelTables : IDisposable
{
    private readonly KernelTable<LbFe4, LbService> services4;
    private readonly KernelTable<LbFe6, LbService> services6;
    private readonly KernelArray<LbSlot> slots;
    private readonly KernelArray<LbBackend> backends;
    private readonly PerCpuMap<uint, LbStat> stats;

    private KernelTables(MapSet maps)
    {
        services4 = new(new BpfMap<LbFe4, LbService>(maps.Take(Abi.Tables.Services4)));
        services6 = new(new BpfMap<LbFe6, LbService>(maps.Take(Abi.Tables.Services6)));
        slots = new(new MappedArray<LbSlot>(maps.Take(Abi.Tables.Slots)));
        backends = new(new MappedArray<LbBackend>(maps.Take(Abi.Tables.Backends)));
        stats = new(maps.Take(Abi.Tables.Stats));
        ServiceCounters = new(
            new PerCpuMap<uint, LbSvcStat>(maps.Take(Abi.Tables.SvcStats)), maps.Created.Contains(Abi.Tables.SvcStats.Name));
        ForPlans = new PlanTables(services4, services6, slots, backends, ServiceCounters);
    }

    public PlanTables ForPlans { get; }

    public ServiceCounterTable ServiceCounters { get; }

    public static KernelTables Open(MapSet maps) => new(maps);

    public Mirror ReadMirror(TableLimits limits) => MirrorLoader.Load(
        new KernelContent(services4.Entries(), services6.Entries(), slots.Elements, backends.Elements), limits);

    public IReadOnlyList<ReasonCount> ReadReasons() => CounterReader.Read(stats);

    public void Dispose()
    {
        services4.Dispose();
        services6.Dispose();
        slots.Dispose();
        backends.Dispose();
        stats.Dispose();
        ServiceCounters.Dispose();
    }
}
