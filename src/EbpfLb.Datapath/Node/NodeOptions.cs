using EbpfLb.Datapath.Devices;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Node;

/// <summary>What the user says about this node; the defaults are those of kube-proxy.</summary>
public sealed record NodeOptions
{
    public static NodeOptions Default { get; } = new();

    public DeviceOptions Devices { get; init; } = DeviceOptions.Default;

    public NodePortAddresses NodePortAddresses { get; init; } = NodePortAddresses.Unset;

    /// <summary>NodePorts answer the node itself on 127.0.0.0/8, where <see cref="NodePortAddresses"/> allow it.</summary>
    public bool LocalhostNodePorts { get; init; } = true;

    public PodDetector Detector { get; init; } = PodDetector.None;

    /// <summary>See <see cref="NodeSettings.MasqueradeAll"/>.</summary>
    public bool MasqueradeAll { get; init; }

    /// <summary>See <see cref="NodeSettings.AlwaysSnat"/>.</summary>
    public bool AlwaysSnat { get; init; }

    /// <summary>See <see cref="NodeSettings.HostSocketsOnly"/>.</summary>
    public bool HostSocketsOnly { get; init; }

    /// <summary>See <see cref="NodeSettings.ProtectNodePorts"/>.</summary>
    public bool ProtectNodePorts { get; init; }

    /// <summary>See <see cref="NodeSettings.Events"/>.</summary>
    public bool DropEvents { get; init; }

    /// <summary>The API server's --service-node-port-range.</summary>
    public PortRange NodePorts { get; init; } = new(30000, 32767);

    /// <summary>See <see cref="SnatPortsBeside"/>.</summary>
    public PortRange SnatPorts { get; init; } = LowSnatPorts;

    /// <summary>More ports than Linux takes for connections of its own: each one of a client has a place in there.</summary>
    public static PortRange LowSnatPorts => new(1024, 29999);

    public static PortRange HighSnatPorts => new(61000, 65535);

    /// <summary>
    /// Apart from NodePorts and from what Linux takes for connections of its own (32768-60999): below both, or else above.
    /// </summary>
    public static PortRange SnatPortsBeside(PortRange nodePorts)
        => nodePorts.First > LowSnatPorts.Last || nodePorts.Last < LowSnatPorts.First ? LowSnatPorts : HighSnatPorts;
}
