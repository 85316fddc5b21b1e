using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Node;

/// <summary>The element of lb_settings. The defaults change nothing.</summary>
public sealed record NodeSettings
{
    /// <summary>Cookie of the node's own network namespace (SO_NETNS_COOKIE); 0: not known, so no socket counts as the node's.</summary>
    public ulong HostNetnsCookie { get; init; }

    /// <summary>Most ranges of pods in a family (LB_POD_RANGES).</summary>
    public const int MostPodRanges = 8;

    /// <summary>
    /// Sources that are pods (detectLocalMode by CIDR), <see cref="MostPodRanges"/> at most; empty: no such detector for IPv4.
    /// </summary>
    public ValueList<SourceRange> Pods4 { get; init; }

    /// <summary>The same for IPv6.</summary>
    public ValueList<SourceRange> Pods6 { get; init; }

    /// <summary>Devices with <see cref="NodeDevice.Detect"/> tell pods from others, for both families.</summary>
    public bool DetectByDevice { get; init; }

    /// <summary>SNAT all traffic to ClusterIPs.</summary>
    public bool MasqueradeAll { get; init; }

    /// <summary>SNAT to local backends too where kube-proxy would; without it they see the client's address.</summary>
    public bool AlwaysSnat { get; init; }

    /// <summary>Socket hooks translate for the node's own processes only; pods are served per packet.</summary>
    public bool HostSocketsOnly { get; init; }

    /// <summary>bind() to a NodePort in use is refused.</summary>
    public bool ProtectNodePorts { get; init; }

    /// <summary>NodePorts answer the node itself on 127.0.0.0/8.</summary>
    public bool LoopbackNodePorts4 { get; init; }

    /// <summary>And on ::1.</summary>
    public bool LoopbackNodePorts6 { get; init; }

    /// <summary>Where tunnels to other nodes begin; null: the node has no address of the family.</summary>
    public IpAddress? Tunnel4 { get; init; }

    /// <summary>The same by IPv6.</summary>
    public IpAddress? Tunnel6 { get; init; }

    /// <summary>Some device has <see cref="NodeDevice.Above"/>.</summary>
    public bool DevicesAbove { get; init; }

    /// <summary>Some device has <see cref="NodeDevice.Bridge"/>.</summary>
    public bool Bridges { get; init; }

    /// <summary>Drops are written to lb_events.</summary>
    public bool Events { get; init; }

    /// <summary>
    /// Ports that could be NodePorts (--service-node-port-range of the API server); others cost a packet no second lookup. What
    /// services really use is added by itself. null: only that.
    /// </summary>
    public PortRange? NodePorts { get; init; }

    /// <summary>
    /// Source ports of masqueraded flows: clear of NodePorts and of the node's own ephemeral ports. null: nothing is masqueraded.
    /// </summary>
    public PortRange? SnatPorts { get; init; }
}
