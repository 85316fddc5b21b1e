using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>What a person chose about forwarding on this node.</summary>
public sealed record PolicyOptions
{
    /// <summary>Both families, as every node with a usual kernel has them.</summary>
    public static PolicyOptions Default { get; } = new();

    /// <summary>Families to serve: one without kernel support is left out (docs/contract.md 2).</summary>
    public ValueList<IpFamily> Families { get; init; } = [IpFamily.IPv4, IpFamily.IPv6];

    /// <summary>metadata.name of the own Node: endpoints with this nodeName are local. Empty: no endpoint is.</summary>
    public string NodeName { get; init; } = "";

    /// <summary>TCP connections are ended when their endpoint is removed, so endpoints in no list have to be known too.</summary>
    public bool KeepsTcpEndpoints { get; init; }

    /// <summary>
    /// What asks a ClusterIP for an unknown port is refused, what asks an address of a ServiceCIDR that no Service has is dropped, as
    /// kube-proxy does with nftables. When false, both are left alone, as it does with iptables (docs/contract.md 8).
    /// </summary>
    public bool RefuseUnknownPorts { get; init; } = true;

    /// <summary>Of Services that do not name theirs.</summary>
    public Scheduler Scheduler { get; init; }

    /// <summary>There are tunnels to other nodes: what is to be forwarded by one can be.</summary>
    public bool Tunnels { get; init; }

    /// <summary>Of Services that do not name theirs; without <see cref="Tunnels"/> it is <see cref="Model.Forwarding.Snat"/>.</summary>
    public Forwarding Forwarding { get; init; }

    /// <summary>Backends that get no new connections.</summary>
    public ValueList<BackendDrain> Drains { get; init; }

    /// <summary>Of Services that do not name theirs; see <see cref="Model.MaglevTableSize"/>.</summary>
    public int MaglevTableSize { get; init; } = Model.MaglevTableSize.Default;
}
