using EbpfLb.Configuration;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Explaining;

/// <summary>What a configuration file says about the node, as the options of `ebpflb run` would.</summary>
internal static class ConfiguredNode
{
    public static NodeOptions Of(LoadedConfig config)
    {
        var (proxy, own) = (config.KubeProxy, config.EbpfLb);
        return new NodeOptions
        {
            Devices = new DeviceOptions([], [], [.. own.Devices.Pods.Select(NamePattern.Parse)]),
            NodePortAddresses = NodePorts(proxy),
            LocalhostNodePorts = IsLoopbackWanted(proxy),
            Detector = DetectorOf(proxy),
            MasqueradeAll = proxy.MasqueradeAll,
            AlwaysSnat = own.AlwaysSnat,
            HostSocketsOnly = own.HostSocketsOnly,
            NodePorts = RangeOf(own),
        };
    }

    /// <summary>Unset means the primary addresses in mode nftables and all of them in the others (contract section 4.1).</summary>
    private static NodePortAddresses NodePorts(KubeProxyConfiguration proxy) => NodePortAddresses.Parse(
        proxy.NodePortAddresses.IsEmpty && proxy.Mode == ProxyModes.Nftables ? "primary" : string.Join(',', proxy.NodePortAddresses));

    /// <summary>A mode of its own: nftables has loopback only where a range names it, and one that holds everything names nothing.</summary>
    private static bool IsLoopbackWanted(KubeProxyConfiguration proxy) => proxy.Mode == ProxyModes.Nftables
        ? proxy.NodePortAddresses.Any(text => text == "localhost" || (SourceRange.TryParse(text, out var range) && range is { Length: > 0, Prefix.IsLoopback: true }))
        : proxy.Iptables.LocalhostNodePorts;

    private static PodDetector DetectorOf(KubeProxyConfiguration proxy)
    {
        var mode = proxy.DetectLocalMode.Length == 0 ? DetectLocalMode.ClusterCIDR : Enum.Parse<DetectLocalMode>(proxy.DetectLocalMode);
        var ranges = proxy.ClusterCidr.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(SourceRange.Parse).ToValueList();
        return new PodDetector(mode, ranges, mode switch
        {
            DetectLocalMode.BridgeInterface => proxy.DetectLocal.BridgeInterface,
            DetectLocalMode.InterfaceNamePrefix => proxy.DetectLocal.InterfaceNamePrefix,
            _ => null,
        });
    }

    private static PortRange RangeOf(EbpfLbConfiguration own)
        => own.NodePortRange.Split('-') is [var first, var last] ? new PortRange(ushort.Parse(first), ushort.Parse(last)) : NodeOptions.Default.NodePorts;
}
