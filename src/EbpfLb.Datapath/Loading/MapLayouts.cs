using EbpfLb.Bpf;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.Datapath.Loading;

/// <summary>
/// Whether a pinned map holds what the object's map of that name holds, member by member: the kernel keeps the types that a map was made
/// with. So a release that changes one struct makes one map anew, and the others go on.
/// </summary>
/// <param name="types">Types of the object.</param>
internal sealed class MapLayouts(BtfTypes types)
{
    private readonly Dictionary<string, BtfMapDefinition> declared = BtfMapDefinition.ReadAll(types).ToDictionary(map => map.Name);
    private readonly Dictionary<uint, BtfTypes?> kernels = [];

    /// <returns>null: it cannot be told (no CAP_SYS_ADMIN, or a map without types).</returns>
    public bool? Agree(string name, MapInfo pinned)
    {
        var map = declared[name];
        // A ring buffer holds what the programs and the agent agree on, and is emptied by the agent that starts.
        if (map.KeyTypeId == 0 && map.ValueTypeId == 0) return true;
        if (!kernels.TryGetValue(pinned.BtfId, out var theirs)) kernels.Add(pinned.BtfId, theirs = LoadedBtf.TryRead(pinned.BtfId));
        return theirs is null
            ? null
            : AbiFingerprint.DescribeMap(types, map.KeyTypeId, map.ValueTypeId) == AbiFingerprint.DescribeMap(theirs, pinned.BtfKeyTypeId, pinned.BtfValueTypeId);
    }
}
