using EbpfLb.Abi;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Loader;

/// <summary>
/// What lb_meta says of the agent that pinned the maps last. Sizes of keys and values can agree while their meaning does not;
/// the stamp holds the fingerprint of all that maps hold, for readers and for agents that cannot compare map by map
/// (<see cref="MapLayouts"/>), and the ABI version, which is raised when only a meaning changes: then no map goes on.
/// </summary>
internal static class AbiStamp
{
    public static LbMeta Ours => new() { Abi = AbiInfo.MapsHash, Version = (uint)LbAbiVersion.Current };

    /// <summary>The maps beside that pin speak this agent's language. False when there is no stamp.</summary>
    public static bool Matches(string metaPin) => TryRead(metaPin) == Ours;

    /// <summary>The stamp of the maps beside that pin; null: there is none.</summary>
    public static LbMeta? TryRead(string metaPin)
    {
        if (!Pin.Exists(metaPin)) return null;
        using var map = BpfMap.OpenPinned(metaPin);
        return map.Info.ValueSize == Abi.Tables.Meta.ValueSize ? Read(map) : null;
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
