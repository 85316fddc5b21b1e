using EbpfLb.Model;

namespace EbpfLb.Policy.Conflicts;

/// <summary>
/// Takes the frontends away that another Service owns. Two Services with one frontend cannot both be served. kube-proxy leaves
/// it to the order of a hash map; here it is the one with the better claim, whatever came first, so that a restart decides as before.
/// </summary>
internal static class ConflictResolver
{
    /// <summary>What is left of a Service; the same reference when it lost nothing.</summary>
    public static CompiledService Resolve(CompiledService wanted, FrontendClaims claims)
    {
        var lost = Lost(wanted, claims);
        if (lost.Count == 0) return Close(wanted, wanted.Ports, claims);
        var ports = wanted.Ports
            .Select(p => p.Frontends.Any(f => lost.ContainsKey(f.Frontend))
                ? p with { Frontends = p.Frontends.Where(f => !lost.ContainsKey(f.Frontend)).ToValueList() }
                : p)
            .Where(p => !p.Frontends.IsEmpty)
            .ToValueList();
        var diagnostics = wanted.Diagnostics.Concat(wanted.Ports
            .SelectMany(p => p.Frontends)
            .Where(f => lost.ContainsKey(f.Frontend))
            .Select(f => ConflictDiagnostic(wanted.Name, f, lost[f.Frontend])));
        return Close(wanted, ports, claims) with { Diagnostics = diagnostics.ToValueList() };
    }

    /// <summary>
    /// Of several Services with one ClusterIP the first closes it for all; that is no conflict, the ports they share are. The
    /// first port that is left says it.
    /// </summary>
    private static CompiledService Close(CompiledService wanted, ValueList<CompiledPort> ports, FrontendClaims claims)
    {
        var own = wanted.Ports.Select(p => p.RejectedAddress).OfType<IpAddress>()
            .Where(a => claims.OwnerOf(Frontend.AnyPort(a)) is not { } owner || owner == wanted.Name).ToDictionary(a => a.Family);
        var closed = new CompiledPort[ports.Count];
        for (var i = 0; i < closed.Length; i++)
        {
            var family = ports[i].Key.Family;
            var isFirst = i == 0 || ports[i - 1].Key.Family != family;
            IpAddress? address = isFirst && own.TryGetValue(family, out var mine) ? mine : null;
            closed[i] = ports[i].RejectedAddress == address ? ports[i] : ports[i] with { RejectedAddress = address };
        }
        var all = ValueList.Create<CompiledPort>(closed);
        return all == wanted.Ports ? wanted : wanted with { Ports = all };
    }

    private static Dictionary<Frontend, FrontendClaim> Lost(CompiledService wanted, FrontendClaims claims)
    {
        Dictionary<Frontend, FrontendClaim> lost = [];
        foreach (var port in wanted.Ports)
        {
            foreach (var served in port.Frontends)
            {
                if (claims.WinnerOf(served.Frontend) is { } winner && winner.Service != wanted.Name) lost[served.Frontend] = winner;
            }
        }
        return lost;
    }

    private static PolicyDiagnostic ConflictDiagnostic(ObjectName service, ServedFrontend served, FrontendClaim winner)
    {
        var why = winner.Kind == served.Kind ? "which is first by name"
            : $"as its {Name(winner.Kind)}, which goes before {Article(served.Kind)}";
        return new PolicyDiagnostic(service, Field(served.Kind),
            $"{served.Frontend} belongs to Service {winner.Service}, {why}, and is not served for this one; "
            + "give one of them another address or port, or delete it");
    }

    private static string Field(FrontendKind kind) => kind switch
    {
        FrontendKind.ClusterIP => "spec.clusterIPs",
        FrontendKind.NodePort => "spec.ports[].nodePort",
        FrontendKind.ExternalIP => "spec.externalIPs",
        _ => "status.loadBalancer.ingress",
    };

    private static string Name(FrontendKind kind) => kind switch
    {
        FrontendKind.ClusterIP => "ClusterIP",
        FrontendKind.NodePort => "node port",
        FrontendKind.ExternalIP => "external IP",
        _ => "load balancer address",
    };

    private static string Article(FrontendKind kind) => $"{(kind == FrontendKind.ExternalIP ? "an" : "a")} {Name(kind)}";
}
