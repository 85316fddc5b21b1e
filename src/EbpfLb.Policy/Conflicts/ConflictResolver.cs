using EbpfLb.Model;

namespace EbpfLb.Policy.Conflicts;

/// <summary>
/// Takes the frontends away that another Service owns. Two Services with one frontend cannot both be served; the first by
/// name has it, whatever came first, so that a restart decides as before.
/// </summary>
internal static class ConflictResolver
{
    /// <summary>What is left of a Service; the same reference when it lost nothing.</summary>
    public static CompiledService Resolve(CompiledService wanted, FrontendClaims claims)
    {
        var lost = Lost(wanted, claims);
        if (lost.Count == 0) return wanted;
        var ports = wanted.Ports
            .Select(p => p.Frontends.Any(f => lost.Contains(f.Frontend)) ? p with { Frontends = p.Frontends.Where(f => !lost.Contains(f.Frontend)).ToValueList() } : p)
            .Where(p => !p.Frontends.IsEmpty)
            .ToValueList();
        var diagnostics = wanted.Diagnostics.Concat(wanted.Ports.SelectMany(p => p.Frontends.Select(f => f.Frontend).Where(lost.Contains).Select(f =>
            new PolicyDiagnostic(wanted.Name, "spec.clusterIPs",
                $"{f} belongs to Service {claims.OwnerOf(f)}, which is first by name, and is not served for this one; "
                + "give one of them another address or port, or delete it"))));
        return new CompiledService(wanted.Name, ports, diagnostics.ToValueList());
    }

    private static HashSet<Frontend> Lost(CompiledService wanted, FrontendClaims claims)
    {
        HashSet<Frontend> lost = [];
        foreach (var port in wanted.Ports)
        {
            foreach (var frontend in port.Frontends)
            {
                if (claims.OwnerOf(frontend.Frontend) != wanted.Name) lost.Add(frontend.Frontend);
            }
        }
        return lost;
    }
}
