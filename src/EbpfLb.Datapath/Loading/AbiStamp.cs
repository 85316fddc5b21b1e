using EbpfLb.Abi;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Loading;

/// <summary>
/// What lb_meta says of the agent that made the maps. Sizes of keys and values can agree while their meaning does not;
/// the stamp holds the fingerprint of all ABI types and their version.
/// </summary>
internal sealed class AbiStamp(ulong fingerprint, uint version)
{
    /// <summary>The maps of that pin speak this agent's language. False when there is no stamp.</summary>
    public bool Matches(string metaPin)
    {
        if (!Pin.Exists(metaPin)) return false;
        using var map = BpfMap.OpenPinned(metaPin);
        if (map.Info.ValueSize != BpfSize.Of<LbMeta>()) return false;
        using var meta = new BpfMap<uint, LbMeta>(map.Duplicate());
        return meta.TryLookup(0, out var found) && found.Abi == fingerprint && found.Version == version;
    }

    public void Write(BpfMap meta)
    {
        using var map = new BpfMap<uint, LbMeta>(meta.Duplicate());
        map.Update(0, new LbMeta { Abi = fingerprint, Version = version });
    }
}
