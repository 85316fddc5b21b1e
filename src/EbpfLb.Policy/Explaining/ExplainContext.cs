using EbpfLb.Model;

namespace EbpfLb.Policy.Explaining;

/// <summary>Everything beside the table that decides about a connection: the node, and what a person chose.</summary>
public sealed record ExplainContext
{
    /// <summary>metadata.name of this node.</summary>
    public string NodeName { get; init; } = "";

    /// <summary>Of this node's interfaces, without loopback.</summary>
    public ValueList<LocalAddress> Addresses { get; init; }

    /// <summary>NodePorts answer the node itself on 127.0.0.0/8.</summary>
    public bool LoopbackNodePorts4 { get; init; }

    /// <summary>And on ::1.</summary>
    public bool LoopbackNodePorts6 { get; init; }

    /// <summary>Ports that could be NodePorts; what asks loopback for one of them from outside is dropped.</summary>
    public PortRange NodePortRange { get; init; } = new(30000, 32767);

    /// <summary>Sources that are pods; empty: the detector has no range of this family.</summary>
    public ValueList<SourceRange> Pods4 { get; init; }

    /// <summary>The same for IPv6.</summary>
    public ValueList<SourceRange> Pods6 { get; init; }

    /// <summary>Devices that tell pods from others, for both families; null: the detector goes by address, or there is none.</summary>
    public DeviceDetector? PodDevices { get; init; }

    /// <summary>Devices without a program: what comes in by them is left alone. Empty also where that is not known.</summary>
    public ValueList<string> BareDevices { get; init; }

    /// <summary>spec.podCIDRs of all nodes that are known, this one's too: who starts on this node goes by the socket hooks.</summary>
    public ValueList<PodRange> PodRanges { get; init; }

    public bool MasqueradeAll { get; init; }

    /// <summary>Masquerade to backends of this node too, where kube-proxy does.</summary>
    public bool AlwaysSnat { get; init; }

    /// <summary>Socket hooks translate for the node's own processes only.</summary>
    public bool HostSocketsOnly { get; init; }

    /// <summary>Addresses of other nodes, to say whose NodePort it is.</summary>
    public ValueList<OtherNode> OtherNodes { get; init; }

    /// <summary>The ranges of pods of a family; empty: no such detector.</summary>
    public ValueList<SourceRange> Pods(IpFamily family) => family == IpFamily.IPv4 ? Pods4 : Pods6;

    /// <summary>Whether pods of the family can be told from others at all.</summary>
    public bool HasDetector(IpFamily family) => PodDevices is not null || !Pods(family).IsEmpty;
}
