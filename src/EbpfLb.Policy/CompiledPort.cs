using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>What one service port does in one family.</summary>
/// <param name="Frontends">In the order of the policies that made them; never empty.</param>
/// <param name="AffinitySeconds">ClientIP affinity time-out in seconds; 0 means none.</param>
/// <param name="Backends">The union of the Cluster list, the Local list and those that only keep what they have, ordered by address,
/// without duplicates.</param>
/// <param name="HasRemoteEndpoints">
/// A usable endpoint exists somewhere (docs/contract.md 6, hasAny): an empty list means drop. When none does, connections are refused.
/// </param>
/// <param name="Ranges">
/// Sources that may use the LoadBalancer frontends, ordered, without duplicates; empty: all may (docs/contract.md 7).
/// </param>
public sealed record CompiledPort(
    ServicePortKey Key,
    ValueList<ServedFrontend> Frontends,
    uint AffinitySeconds,
    ValueList<CompiledBackend> Backends,
    bool HasRemoteEndpoints,
    ValueList<SourceRange> Ranges)
{
    /// <summary>
    /// The ClusterIP whose other ports and protocols are refused (docs/contract.md 8); said by one port of each Service and family,
    /// null at the others.
    /// </summary>
    public IpAddress? RejectedAddress { get; init; }

    /// <summary>How a new connection gets its backend.</summary>
    public Scheduler Scheduler { get; init; }

    /// <summary>Entries of the Maglev table, a prime; 0 with every other scheduler.</summary>
    public int MaglevTableSize { get; init; }

    /// <summary>Clients outside reach backends of other nodes by tunnels, see <see cref="Forwarding.Dsr"/>.</summary>
    public bool Tunnels { get; init; }

    /// <summary>Some frontend has <see cref="ServedFrontend.IsUntracked"/>.</summary>
    public bool IsUntracked => ServedFrontend.AnyUntracked(Frontends.AsSpan());

    /// <summary><see cref="RejectedAddress"/> as a frontend that stands for all others of the address.</summary>
    public Frontend? ClosedFrontend => RejectedAddress is { } address ? Frontend.AnyPort(address) : null;
}

/// <summary>A backend of a service port, and the lists it is in; in none when it only keeps what it has.</summary>
/// <param name="Weight">See <see cref="Endpoint.Weight"/>; a backend of weight 0 is in no list.</param>
public readonly record struct CompiledBackend(BackendAddress Address, BackendLists Lists, ushort Weight = Endpoint.DefaultWeight)
{
    /// <summary>Where a tunnel to it ends; null: none does, or no node is known.</summary>
    public TunnelEnd? Node { get; init; }

    /// <summary>"10.1.0.5:8080 (InCluster)"; with the weight when it has another than 1.</summary>
    public override string ToString()
        => Weight == Endpoint.DefaultWeight ? $"{Address} ({Lists})" : $"{Address} ({Lists}, weight {Weight})";
}

/// <summary>The address of a node, as one object for all its backends: few have one, and a table has many.</summary>
public sealed record TunnelEnd(IpAddress Address);

/// <summary>A frontend with the rules that hold for it.</summary>
/// <param name="Frontend">A NodePort has the address 0.0.0.0 or ::, it answers on the node's own addresses.</param>
/// <param name="LocalPolicy">The traffic policy that governs this frontend is Local (docs/contract.md 5.1).</param>
public readonly record struct ServedFrontend(Frontend Frontend, FrontendKind Kind, bool LocalPolicy)
{
    /// <summary>A ClusterIP that a device of this node has: what listens there answers, and nothing is translated.</summary>
    public bool IsOnDevice { get; init; }

    /// <summary>Flows that go into a tunnel need no entry, see LB_SERVICE_UNTRACKED of bpf/include/lb_abi.h.</summary>
    public bool IsUntracked { get; init; }

    /// <summary>One of them has <see cref="IsUntracked"/>.</summary>
    internal static bool AnyUntracked(ReadOnlySpan<ServedFrontend> frontends)
    {
        foreach (ref readonly var served in frontends)
            if (served.IsUntracked) return true;
        return false;
    }

    /// <summary>"NodePort 0.0.0.0:30080/TCP (Local)".</summary>
    public override string ToString() => $"{Kind} {Frontend}{(LocalPolicy ? " (Local)" : "")}{(IsOnDevice ? " (on a device)" : "")}";
}

/// <summary>
/// Names one data set: a port of a Service in one family. Each has its own id, endpoints, affinity memory and counters
/// (docs/contract.md 2 and 11).
/// </summary>
/// <param name="PortName">"" when the port has no name.</param>
public readonly record struct ServicePortKey(ObjectName Service, string PortName, TransportProtocol Protocol, IpFamily Family)
{
    /// <summary>"default/web:http/TCP/IPv4".</summary>
    public override string ToString() => $"{Service}:{PortName}/{Protocol.ToText()}/{Family}";
}
