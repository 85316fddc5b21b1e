using EbpfLb.Model;

namespace EbpfLb.Policy.Tests;

/// <summary>A table as lines "frontend -> backends", for asserts that read like the rule under test.</summary>
internal static class TableText
{
    /// <summary>All but the canary, in the order of the table.</summary>
    public static string[] Lines(this ForwardingTable table) => table.Services
        .Where(s => s.Name != Canary.Name)
        .SelectMany(s => s.Ports)
        .SelectMany(p => p.Frontends.Select(f => Line(p, f.Frontend)))
        .ToArray();

    private static string Line(CompiledPort port, Frontend frontend)
    {
        var affinity = port.AffinitySeconds == 0 ? "" : $" affinity {port.AffinitySeconds}";
        var backends = port.Backends.IsEmpty ? "refuse" : string.Join(' ', port.Backends.Select(b => b.Address));
        return $"{frontend}{affinity} -> {backends}";
    }

    public static ForwardingTable Compile(this ClusterSnapshot snapshot, ForwardingTable? previous = null)
        => ForwardingCompiler.Compile(snapshot, PolicyOptions.Default, previous);
}
