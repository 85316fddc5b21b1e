using EbpfLb.Abi;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Loading;

/// <summary>
/// What lb_meta says of the agent that made the maps. Sizes of keys and values can agree while their meaning does not;
/// the stamp holds the fingerprint of all that maps hold and the ABI version, which is raised when only a meaning changes.
/// </summary>
internal static class AbiStamp
{
    public static LbMeta Ours => new() { Abi = AbiInfo.MapsHash, Version = (uint)LbAbiVersion.Current };

    /// <summary>The maps beside that pin speak this agent's language. False when there is no stamp.</summary>
    public static bool Matches(string metaPin)
    {
        if (!Pin.Exists(metaPin)) return false;
        using var map = BpfMap.OpenPinned(metaPin);
        return map.Info.ValueSize == Abi.Tables.Meta.ValueSize && Read(map) == Ours;
    }

    public static LbMeta Read(BpfMap meta)
    {
        using var map = new BpfMap<uint, LbMeta>(meta.Duplicate());
        return map.Lookup(0);
    }

    public static void Write(BpfMap meta)
    {
        using var map = new BpfMap<uint, LbMeta>(meta.Duplicate());
        map.Update(0, Ours);
    }
}
