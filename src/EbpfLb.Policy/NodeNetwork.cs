using System.Collections.Frozen;
using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>What forwarding depends on of this node's network.</summary>
/// <param name="Addresses">Of its devices; a ClusterIP among them is left to the local stack.</param>
/// <param name="UplinkSubnets">
/// Of the devices that lead to other machines: pods of this node with such an address may be on the wire themselves (macvlan, SR-IOV, a
/// bridge to the uplink).
/// </param>
public sealed record NodeNetwork(FrozenSet<IpAddress> Addresses, ValueList<SourceRange> UplinkSubnets)
{
    /// <summary>Nothing is known.</summary>
    public static NodeNetwork None { get; } = new(FrozenSet<IpAddress>.Empty, []);

    public bool Equals(NodeNetwork? other)
        => other is not null && UplinkSubnets == other.UplinkSubnets && Addresses.SetEquals(other.Addresses);

    public override int GetHashCode() => UplinkSubnets.GetHashCode();

    /// <summary>A pod with this address may be on the wire. Addresses of the node itself are not.</summary>
    internal bool MayBeOnWire(IpAddress address)
    {
        if (UplinkSubnets.IsEmpty || Addresses.Contains(address)) return false;
        foreach (var subnet in UplinkSubnets)
        {
            if (subnet.Contains(address)) return true;
        }
        return false;
    }
}
