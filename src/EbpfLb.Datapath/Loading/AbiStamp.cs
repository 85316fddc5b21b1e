using EbpfLb.Abi;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Loading;

/// <summary>
/// What lb_meta says of the agent that made the maps. Sizes of keys and values can agree while their meaning does not;
/// the stamp holds the fingerprint of all that maps hold and the ABI version, which is raised when only a meaning changes.
/// </summary>
internal static class AbiStamp
{
    private static LbMeta Ours => new() { Abi = AbiInfo.MapsHash, Version = (uint)LbAbiVersion.Current };

    /// <summary>The maps beside that pin speak this agent's language. False when there is no stamp.</summary>
    public static bool Matches(string metaPin)
    {
        if (!Pin.Exists(metaPin)) return false;
        using var map = BpfMap.OpenPinned(metaPin);
        if (map.Info.ValueSize != Abi.Tables.Meta.ValueSize) return false;
        using var meta = new BpfMap<uint, LbMeta>(map.Duplicate());
        return meta.Lookup(0) == Ours;
    }

    public static void Write(BpfMap meta)
    {
        using var map = new BpfMap<uint, LbMeta>(meta.Duplicate());
        map.Update(0, Ours);
    }
}
