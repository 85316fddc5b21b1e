using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

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

    /// <summary>Devices where XDP is wanted. Empty also where that is not known.</summary>
    public ValueList<FrontDevice> FrontDevices { get; init; }

    /// <summary>spec.podCIDRs of all nodes that are known, this one's too: who starts on this node goes by the socket hooks.</summary>
    public ValueList<PodRange> PodRanges { get; init; }

    public bool MasqueradeAll { get; init; }

    /// <summary>Masquerade to backends of this node too, where kube-proxy does.</summary>
    public bool AlwaysSnat { get; init; }

    /// <summary>Socket hooks translate for the node's own processes only.</summary>
    public bool HostSocketsOnly { get; init; }

    /// <summary>Addresses of other nodes, to say whose NodePort it is.</summary>
    public ValueList<OtherNode> OtherNodes { get; init; }

    /// <summary>
    /// Addresses of all Node objects, this one's too: a NodePort at another address of a node is known nowhere else, so what asks it goes
    /// into no tunnel. null: not known, and each address counts as one of them.
    /// </summary>
    public ValueList<IpAddress>? NodeAddresses { get; init; }

    /// <summary>The ranges of pods of a family; empty: no such detector.</summary>
    public ValueList<SourceRange> Pods(IpFamily family) => family == IpFamily.IPv4 ? Pods4 : Pods6;

    /// <summary>Whether pods of the family can be told from others at all.</summary>
    public bool HasDetector(IpFamily family) => PodDevices is not null || !Pods(family).IsEmpty;
}

/// <summary>An address of one of this node's interfaces; loopback is none of them.</summary>
/// <param name="NodePorts">NodePorts answer on it.</param>
public readonly record struct LocalAddress(IpAddress Address, bool NodePorts);

/// <summary>Pods are told by the device that their packets come in by (docs/contract.md 5.3).</summary>
/// <param name="Name">Of the device, or the begin of it.</param>
public sealed record DeviceDetector(string Name, bool IsPrefix)
{
    public bool Matches(string device) => IsPrefix ? device.StartsWith(Name, StringComparison.Ordinal) : device == Name;

    public override string ToString() => IsPrefix ? $"{Name}*" : Name;
}

/// <summary>Addresses that a node gives its pods (spec.podCIDRs).</summary>
public readonly record struct PodRange(string Node, SourceRange Range);

/// <summary>An address of another node, from its Node object.</summary>
public readonly record struct OtherNode(string Name, IpAddress Address);
