using System.Collections.Immutable;
using EbpfLb.Model;

namespace EbpfLb.Policy.Conflicts;

/// <summary>Makes the next claims from the present ones, and names the Services whose share may have changed.</summary>
internal sealed class ClaimsUpdate(FrontendClaims present)
{
    private readonly ImmutableDictionary<Frontend, ImmutableArray<FrontendClaim>>.Builder all = present.Claims.ToBuilder();

    private ImmutableArray<FrontendClaim> last;

    /// <summary>Services other than the changed ones that gained or lost a contested frontend.</summary>
    public HashSet<ObjectName> Affected { get; } = [];

    /// <summary>Replaces what a Service wanted by what it wants now; null is "nothing".</summary>
    public void Replace(CompiledService? old, CompiledService? wanted)
    {
        if (old is not null && wanted is not null && SameFrontends(old, wanted)) return;
        if (old is not null) ForEach(old, Remove);
        if (wanted is not null) ForEach(wanted, Add);
    }

    public FrontendClaims ToClaims() => new(all.ToImmutable());

    private void Add(Frontend frontend, FrontendClaim claim)
    {
        if (!all.TryGetValue(frontend, out var claims))
        {
            // The frontends of a Service mostly have equal lists: one for all of them.
            if (last.IsDefault || last[0] != claim) last = [claim];
            all[frontend] = last;
            return;
        }
        var index = claims.BinarySearch(claim);
        if (index >= 0) return;
        Affect(claims);
        all[frontend] = claims.Insert(~index, claim);
    }

    private void Remove(Frontend frontend, FrontendClaim claim)
    {
        if (!all.TryGetValue(frontend, out var claims)) return;
        var left = claims.Remove(claim);
        if (left.IsEmpty) all.Remove(frontend);
        else all[frontend] = left;
        Affect(left);
    }

    private void Affect(ImmutableArray<FrontendClaim> claims)
    {
        foreach (var claim in claims) Affected.Add(claim.Service);
    }

    /// <summary>Every frontend that the service wants, with its claim.</summary>
    public static void ForEach(CompiledService service, Action<Frontend, FrontendClaim> action)
    {
        foreach (var port in service.Ports)
        {
            foreach (var served in port.Frontends) action(served.Frontend, new FrontendClaim(served.Kind, service.Name));
            if (port.ClosedFrontend is { } closed) action(closed, new FrontendClaim(FrontendKind.ClusterIP, service.Name));
        }
    }

    private static bool SameFrontends(CompiledService left, CompiledService right)
    {
        if (left.Ports.Count != right.Ports.Count) return false;
        for (var i = 0; i < left.Ports.Count; i++)
        {
            if (left.Ports[i].Frontends != right.Ports[i].Frontends || left.Ports[i].RejectedAddress != right.Ports[i].RejectedAddress)
                return false;
        }
        return true;
    }
}
