using System.Collections.Immutable;
using EbpfLb.Model;

namespace EbpfLb.Policy.Conflicts;

/// <summary>Makes the next claims from the present ones, and names the Services whose share may have changed.</summary>
internal sealed class ClaimsUpdate(FrontendClaims claims)
{
    private readonly ImmutableDictionary<Frontend, ImmutableArray<ObjectName>>.Builder claimants = claims.Claimants.ToBuilder();

    /// <summary>Services other than the changed ones that gained or lost a contested frontend.</summary>
    public HashSet<ObjectName> Affected { get; } = [];

    /// <summary>Replaces what a Service wanted by what it wants now; null is "nothing".</summary>
    public void Replace(CompiledService? old, CompiledService? wanted)
    {
        if (old is not null && wanted is not null && SameFrontends(old, wanted)) return;
        if (old is not null) ForEach(old, Remove);
        if (wanted is not null) ForEach(wanted, Add);
    }

    public FrontendClaims ToClaims() => new(claimants.ToImmutable());

    private void Add(Frontend frontend, ObjectName name)
    {
        if (!claimants.TryGetValue(frontend, out var names))
        {
            claimants[frontend] = [name];
            return;
        }
        var index = names.BinarySearch(name);
        if (index >= 0) return;
        Affected.UnionWith(names);
        claimants[frontend] = names.Insert(~index, name);
    }

    private void Remove(Frontend frontend, ObjectName name)
    {
        if (!claimants.TryGetValue(frontend, out var names)) return;
        var left = names.Remove(name);
        if (left.IsEmpty) claimants.Remove(frontend);
        else claimants[frontend] = left;
        Affected.UnionWith(left);
    }

    private static void ForEach(CompiledService service, Action<Frontend, ObjectName> action)
    {
        foreach (var port in service.Ports)
        {
            foreach (var served in port.Frontends) action(served.Frontend, service.Name);
        }
    }

    private static bool SameFrontends(CompiledService left, CompiledService right)
    {
        if (left.Ports.Count != right.Ports.Count) return false;
        for (var i = 0; i < left.Ports.Count; i++)
        {
            if (left.Ports[i].Frontends != right.Ports[i].Frontends) return false;
        }
        return true;
    }
}
