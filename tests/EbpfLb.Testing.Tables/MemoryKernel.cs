using EbpfLb.Abi;
using EbpfLb.Planning;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Testing.Tables;

/// <summary>All tables in memory, with the names and sizes that the kernel's have: a plan can be tried without a kernel.</summary>
public sealed class MemoryKernel(TableLimits limits)
{
    public MemoryTable<LbFrontend4, LbService> Services4 { get; } = new("lb_services4", limits.MaxFrontends4);

    public MemoryTable<LbFrontend6, LbService> Services6 { get; } = new("lb_services6", limits.MaxFrontends6);

    public MemoryArray<LbSlot> Slots { get; } = new("lb_slots", limits.MaxSlots);

    public MemoryArray<LbMaglevRow> Maglev { get; } = new("lb_maglev", limits.MaxMaglevRows);

    public MemoryArray<LbBackend> Backends { get; } = new("lb_backends", limits.MaxBackends);

    public MemoryTable<LbSrcRange4, uint> SourceRanges4 { get; } = new("lb_src_ranges4", limits.MaxRanges4, TableError.NoSpace);

    public MemoryTable<LbSrcRange6, uint> SourceRanges6 { get; } = new("lb_src_ranges6", limits.MaxRanges6, TableError.NoSpace);

    /// <summary>What is in the tables now; not a copy.</summary>
    public KernelContent Content => new(
        Services4.Entries, Services6.Entries, Slots.Elements, Maglev.Elements, Backends.Elements, SourceRanges4.Entries.Keys,
            SourceRanges6.Entries.Keys);

    public PlanTables Tables => new(Services4, Services6, Slots, Maglev, Backends, SourceRanges4, SourceRanges6);

    /// <summary>The tables behind others that fail when the faults say so.</summary>
    public PlanTables WithFaults(IFaults faults) => new(
        new FaultyTable<LbFrontend4, LbService>(Services4, faults),
        new FaultyTable<LbFrontend6, LbService>(Services6, faults),
        new FaultyArray<LbSlot>(Slots, faults),
        new FaultyArray<LbMaglevRow>(Maglev, faults),
        new FaultyArray<LbBackend>(Backends, faults),
        new FaultyTable<LbSrcRange4, uint>(SourceRanges4, faults),
        new FaultyTable<LbSrcRange6, uint>(SourceRanges6, faults));
}
