using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirroring;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Planned;

/// <summary>What a plan does with one service id.</summary>
/// <param name="isNew">The record's id was taken for this plan.</param>
/// <param name="desired">null when the service port is gone.</param>
internal sealed class PlannedPort(PortRecord record, bool isNew, CompiledPort? desired)
{
    public PortRecord Record => record;

    public bool IsNew => isNew;

    public CompiledPort? Desired => desired;

    /// <summary>The backends of the Cluster list, ordered by address.</summary>
    public ValueList<BackendAddress> Addresses { get; } = desired is null
        ? []
        : desired.Backends.Where(b => b.Lists.HasFlag(BackendLists.InCluster)).Select(b => b.Address).ToValueList();

    /// <summary>Ids of <see cref="Addresses"/>, in their order.</summary>
    public uint[] BackendIds { get; set; } = [];

    /// <summary>Those of <see cref="BackendIds"/> that were taken for this plan.</summary>
    public uint[] NewBackends { get; set; } = [];

    /// <summary>Backends that leave the list.</summary>
    public uint[] Leaving { get; set; } = [];

    public SlotRange Range { get; set; }

    /// <summary>The range was taken for this plan.</summary>
    public bool RangeIsNew { get; set; }

    /// <summary>Backends that go when the plan has succeeded.</summary>
    public IEnumerable<uint> RetiredBackends => Leaving.Concat(record.ExtraBackends);

    /// <summary>Ranges that go when the plan has succeeded.</summary>
    public IEnumerable<SlotRange> RetiredRanges
        => (record.Range.Count > 0 && record.Range != Range ? [record.Range] : Array.Empty<SlotRange>()).Concat(record.ExtraRanges);

    /// <summary>The service id goes when the plan has succeeded.</summary>
    public bool RetiresId => desired is null && record.Id != 0;
}
