using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Plans;

/// <summary>What a plan does with one service id.</summary>
/// <param name="isNew">The record's id was taken for this plan.</param>
/// <param name="desired">null when the service port is gone.</param>
internal sealed class PlannedPort(PortRecord record, bool isNew, CompiledPort? desired)
{
    public PortRecord Record => record;

    public bool IsNew => isNew;

    public CompiledPort? Desired => desired;

    /// <summary>Ids of the desired backends, in their order.</summary>
    public uint[] BackendIds { get; set; } = [];

    /// <summary>Those of <see cref="BackendIds"/> that were taken for this plan.</summary>
    public uint[] NewBackends { get; set; } = [];

    /// <summary>Backends that leave all lists.</summary>
    public uint[] Leaving { get; set; } = [];

    /// <summary>Backends that stay, as they were, where their lists or weights change.</summary>
    public IReadOnlyDictionary<uint, CompiledBackend>? Changed { get; set; }

    public PlannedList Cluster { get; set; } = PlannedList.Empty;

    public PlannedList Local { get; set; } = PlannedList.Empty;

    /// <summary>The source ranges that are wanted.</summary>
    public SourceKey[] Sources { get; set; } = [];

    /// <summary>Those of <see cref="Sources"/> that are not in the tables.</summary>
    public SourceKey[] NewSources { get; set; } = [];

    /// <summary>
    /// Source ranges that go at once: there are others, so the port stays restricted and nobody waits for a grace period.
    /// </summary>
    public SourceKey[] RefusedSources { get; set; } = [];

    /// <summary>
    /// Source ranges that go with the restriction as a whole: a program that still sees the restriction must find them, so they stay
    /// until a grace period is over.
    /// </summary>
    public SourceKey[] RetiredSources { get; set; } = [];

    /// <summary>
    /// What is refused goes before what is allowed comes, as there is no room for both: meanwhile a source that old and new allow is
    /// refused.
    /// </summary>
    public bool RefusesFirst { get; set; }

    /// <summary>
    /// The Service is left out; only who may use its LoadBalancer addresses becomes narrower. All else of the record stays.
    /// </summary>
    public bool OnlySources { get; init; }

    /// <summary>There were source ranges before, other than such as wait for a grace period.</summary>
    public bool WasRestricted { get; set; }

    /// <summary>Ranges come or go, or one that was about to go stays.</summary>
    public bool HasSourceWork { get; set; }

    /// <summary>Backends that go when the plan has succeeded.</summary>
    public IEnumerable<uint> RetiredBackends => OnlySources ? [] : Leaving.Concat(record.ExtraBackends);

    /// <summary>Ranges that go when the plan has succeeded.</summary>
    public IEnumerable<SlotRange> RetiredRanges
    {
        get
        {
            if (OnlySources) yield break;
            if (record.Cluster.Count > 0 && record.Cluster != Cluster.Range) yield return record.Cluster;
            if (record.Local.Count > 0 && record.Local != Local.Range) yield return record.Local;
            foreach (var range in record.ExtraRanges) yield return range;
        }
    }

    /// <summary>Ranges that were taken for this plan.</summary>
    public IEnumerable<SlotRange> NewRanges
    {
        get
        {
            if (Cluster.IsNew) yield return Cluster.Range;
            if (Local.IsNew) yield return Local.Range;
        }
    }

    /// <summary>The service id goes when the plan has succeeded.</summary>
    public bool RetiresId => desired is null && !OnlySources && record.Id != 0;
}
