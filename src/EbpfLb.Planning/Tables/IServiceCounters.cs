namespace EbpfLb.Planning.Tables;

/// <summary>Counters that are kept per service id.</summary>
public interface IServiceCounters
{
    /// <summary>Sets the counters of ids to zero that a new service port is about to get. Counts are not worth failing a service: no error.</summary>
    void Reset(ReadOnlySpan<uint> serviceIds);
}
