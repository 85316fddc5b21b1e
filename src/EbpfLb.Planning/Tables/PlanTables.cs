using EbpfLb.Abi;

namespace EbpfLb.Planning.Tables;

/// <summary>All that a plan is written to.</summary>
/// <param name="Counters">null when nobody counts.</param>
public sealed record PlanTables(
    ITable<LbFrontend4, LbService> Services4,
    ITable<LbFrontend6, LbService> Services6,
    IArrayTable<LbSlot> Slots,
    IArrayTable<LbBackend> Backends,
    ITable<LbSrcRange4, uint> SourceRanges4,
    ITable<LbSrcRange6, uint> SourceRanges6,
    IServiceCounters? Counters = null);
