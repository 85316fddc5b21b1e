using EbpfLb.Abi;

namespace EbpfLb.Planning.Tables;

/// <summary>All that a plan is written to.</summary>
/// <param name="Counters">null when nobody counts.</param>
/// <param name="Loads">null when nobody counts.</param>
public sealed record PlanTables(
    ITable<LbFrontend4, LbService> Services4,
    ITable<LbFrontend6, LbService> Services6,
    IArrayTable<LbSlot> Slots,
    IArrayTable<LbMaglevRow> Maglev,
    IArrayTable<LbBackend> Backends,
    ITable<LbSrcRange4, uint> SourceRanges4,
    ITable<LbSrcRange6, uint> SourceRanges6,
    IServiceCounters? Counters = null,
    IBackendLoads? Loads = null);

/// <summary>Counts of connections that are kept per backend id.</summary>
public interface IBackendLoads
{
    /// <summary>Sets the count of an id to zero that a new backend is about to get.</summary>
    void Reset(uint backendId);
}

/// <summary>Counters that are kept per service id.</summary>
public interface IServiceCounters
{
    /// <summary>
    /// Sets the counters of ids to zero that a new service port is about to get. Counts are not worth failing a service: no error.
    /// </summary>
    void Reset(ReadOnlySpan<uint> serviceIds);
}
