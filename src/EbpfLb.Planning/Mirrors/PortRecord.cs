using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Scheduling;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Mirrors;

/// <summary>
/// What the kernel holds of one service id. Arrays of exact size and no object per endpoint, because a node has tens of thousands of these.
/// </summary>
/// <param name="id">0 for the one record that collects what belongs to no valid id.</param>
internal sealed class PortRecord(uint id)
{
    public uint Id => id;

    /// <summary>The service port; null until one claims what was found in the kernel.</summary>
    public ServicePortKey? Key { get; set; }

    /// <summary>The backends in the lists, ordered by address; which list holds which is in them.</summary>
    public ValueList<CompiledBackend> Backends { get; set; }

    /// <summary>Ids of <see cref="Backends"/>, in the same order; that is also their order in the slots.</summary>
    public uint[] BackendIds { get; set; } = [];

    /// <summary>How the lists are laid out.</summary>
    public ListLayout Layout { get; set; }

    /// <summary>Who was at each place of the Cluster list before, if its layout has that; null: nobody at any.</summary>
    public MaglevPast? Past { get; set; }

    /// <summary>Where the Cluster list is.</summary>
    public SlotRange Cluster { get; set; }

    /// <summary>Where the Local list is.</summary>
    public SlotRange Local { get; set; }

    /// <summary>Entries of lb_services4/6 that name this id now.</summary>
    public FrontendKey[] Frontends { get; private set; } = [];

    /// <summary>
    /// Backends of the lists whose element is not as it should be, as it was read or left behind by a failure, with the lists that the
    /// element says it is in.
    /// </summary>
    public Dictionary<uint, BackendLists>? Damaged { get; set; }

    /// <summary>
    /// What was found in the slots is not what was written: the next plan writes lists of the same backends elsewhere, or over them.
    /// </summary>
    public bool ListsDamaged { get; set; }

    /// <summary>Backends of this id that are in no list: they go with the next plan that succeeds.</summary>
    public uint[] ExtraBackends { get; set; } = [];

    /// <summary>Ranges of this id beside <see cref="Cluster"/> and <see cref="Local"/>: they go with the next plan that succeeds.</summary>
    public SlotRange[] ExtraRanges { get; set; } = [];

    /// <summary>Which planned port this record is part of in the plan being made; -1 for none.</summary>
    public int PlannedGroup { get; set; } = -1;

    public bool HasExtras => ExtraBackends.Length > 0 || ExtraRanges.Length > 0;

    public void AddFrontend(FrontendKey key) => Frontends = [.. Frontends, key];

    public void RemoveFrontend(FrontendKey key)
    {
        var index = Array.IndexOf(Frontends, key);
        if (index >= 0) Frontends = [.. Frontends[..index], .. Frontends[(index + 1)..]];
    }
}
