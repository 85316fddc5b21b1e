using EbpfLb.Bpf;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.Datapath.Loader;

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
        return TypesOf(pinned) is not { } theirs
            ? null
            : AbiFingerprint.DescribeMap(types, map.KeyTypeId, map.ValueTypeId) == AbiFingerprint.DescribeMap(
                theirs, pinned.BtfKeyTypeId, pinned.BtfValueTypeId);
    }

    /// <summary>The pinned map with what makes its entries ours, after <see cref="Agree"/> said that they are not.</summary>
    public OldMap Convert(string name, BpfMap pinned)
    {
        var (map, info) = (declared[name], pinned.Info);
        var theirs = TypesOf(info)!;
        return new OldMap(
            pinned, BtfConversion.Between(theirs, info.BtfKeyTypeId, types, map.KeyTypeId),
            BtfConversion.Between(theirs, info.BtfValueTypeId, types, map.ValueTypeId),
            BtfConversion.Between(types, map.KeyTypeId, theirs, info.BtfKeyTypeId));
    }

    private BtfTypes? TypesOf(MapInfo pinned)
    {
        if (!kernels.TryGetValue(pinned.BtfId, out var types)) kernels.Add(pinned.BtfId, types = LoadedBtf.TryRead(pinned.BtfId));
        return types;
    }
}
