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

    /// <summary>Behind what Linux uses for connections of its own (32768-60999).</summary>
    public PortRange SnatPorts { get; init; } = new(61000, 65535);
}
