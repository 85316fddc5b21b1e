using EbpfLb.Model;
using EbpfLb.Policy.Compiler;
using EbpfLb.Policy.Conflicts;

namespace EbpfLb.Policy;

/// <summary>One service of a table that was kept up to date, with what compiling its object anew gives.</summary>
/// <param name="Expected">null: there should be none.</param>
/// <param name="Found">null: there is none.</param>
public readonly record struct CheckedService(ObjectName Name, CompiledService? Expected, CompiledService? Found)
{
    public bool IsRight => Equals(Expected, Found);
}

/// <summary>
/// Compares a table that was kept up to date change by change with its snapshot compiled anew, service by service: there is never a second
/// table.
/// </summary>
public static class TableCheck
{
    /// <summary>Each service once, in the order of their names; enumerating may pause wherever it likes.</summary>
    /// <param name="snapshot">What the table was compiled from.</param>
    /// <param name="options">With which it was compiled.</param>
    public static IEnumerable<CheckedService> Run(ForwardingTable table, ClusterSnapshot snapshot, PolicyOptions options)
    {
        var compiler = ForwardingCompiler.NewCompiler(options, NodeFacts.Of(options, snapshot), table.State.Network);
        var claims = new ClaimsCheck(table.State.Claims);
        var canary = Canary.Compile(options);
        claims.Add(canary);
        yield return new(Canary.Name, ConflictResolver.Resolve(canary, table.State.Claims), table.Find(Canary.Name));
        foreach (var entry in snapshot.Services.Values)
        {
            var wanted = compiler.Compile(entry);
            claims.Add(wanted);
            yield return new(entry.Name, ConflictResolver.Resolve(wanted, table.State.Claims), table.Find(entry.Name));
        }
        foreach (var name in table.ByName.Keys)
        {
            if (name != Canary.Name && !snapshot.Services.ContainsKey(name)) yield return new(name, null, table.Find(name));
        }
        if (claims.AreRight) yield break;
        // Who has which frontend was not kept well, so the services above were compared with the wrong owners.
        foreach (var (name, found, expected) in ForwardingCompiler.Compile(snapshot, options, previous: null, table.State.Network)
            .DifferencesFrom(table))
        {
            if (!Equals(expected, found)) yield return new(name, expected, found);
        }
    }

    /// <summary>Whether claims are those that the services make, and no others.</summary>
    private sealed class ClaimsCheck(FrontendClaims claims)
    {
        private int expected;
        private bool areAllThere = true;

        public bool AreRight => areAllThere && expected == claims.Claims.Values.Sum(c => c.Length);

        public void Add(CompiledService service) => ClaimsUpdate.ForEach(service, (frontend, claim) =>
        {
            expected++;
            areAllThere &= claims.Claims.TryGetValue(frontend, out var held) && held.Contains(claim);
        });
    }
}
