using System.Net.NetworkInformation;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Node;

/// <summary>An interface, as an element of lb_devices.</summary>
/// <param name="Ifindex">At least 1.</param>
/// <param name="Name">For messages only.</param>
/// <param name="Snat4">Source of what is masqueraded and leaves by it; null: it has no IPv4 address that could be used.</param>
/// <param name="Snat6">The same for IPv6.</param>
/// <param name="Pod">Pods are behind it: what comes in is theirs, and replies to it come back through us.</param>
/// <param name="Detect">detectLocalMode by interface: its sources are pods.</param>
/// <param name="Bare">No program of ours is there: replies to an address of this node that come in by it would end at the node.</param>
public sealed record NodeDevice(uint Ifindex, string Name, IpAddress? Snat4, IpAddress? Snat6, bool Pod = false, bool Detect = false, bool Bare = false)
{
    /// <summary>What comes in has come by another device with a program of ours before.</summary>
    public bool Above { get; init; }

    /// <summary>Link address of a device above it that has no program of ours; null: none.</summary>
    public PhysicalAddress? Upper { get; init; }

    /// <summary>Bare, and leads to other nodes: a backend there is asked from an address of this node or not at all.</summary>
    public bool Away { get; init; }
}
