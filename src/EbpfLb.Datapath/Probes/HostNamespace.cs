using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Probes;

/// <summary>The network namespace that an instance serves as the node's own.</summary>
public static class HostNamespace
{
    /// <summary>Its cookie (SO_NETNS_COOKIE); 0: not known.</summary>
    public static ulong Cookie(DatapathOptions options)
    {
        if (Places.Find(options) is not { } paths || !AbiStamp.Matches(paths.Map(Abi.Tables.Meta.Name))) return 0;
        using var settings = BpfMap.OpenPinned<uint, LbSettings>(paths.Map(Abi.Tables.Settings.Name));
        return settings.TryLookup(0, out var value) ? value.HostNetns : 0;
    }
}
