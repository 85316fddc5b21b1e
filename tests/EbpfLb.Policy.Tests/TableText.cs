using EbpfLb.Model;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests;

/// <summary>
/// A table as lines for asserts that read like the rule under test: "frontend -> backends", with the kind in front of what is no ClusterIP.
/// A Local policy shows as "local", then also what pods and the node itself get: "NodePort 0.0.0.0:30080/TCP local -> drop, inside
/// 10.1.0.1:8080".
/// </summary>
internal static class TableText
{
    public static PolicyOptions Options { get; } = new() { NodeName = ClusterChanges.NodeName };

    /// <summary>All but the canary, in the order of the table.</summary>
    public static string[] Lines(this ForwardingTable table) => Ports(table).SelectMany(p => p.Frontends.Select(f => Line(p, f))).ToArray();

    /// <summary>The sources that may use the LoadBalancer frontends, of the first port of all but the canary.</summary>
    public static string[] Ranges(this ForwardingTable table) => Ports(table).First().Ranges.Select(r => r.ToString()).ToArray();

    /// <summary>The backends with their lists, of the first port of all but the canary.</summary>
    public static string[] Backends(this ForwardingTable table) => Ports(table).First().Backends.Select(b => b.ToString()).ToArray();

    public static ForwardingTable Compile(this ClusterSnapshot snapshot, ForwardingTable? previous = null)
        => ForwardingCompiler.Compile(snapshot, Options, previous);

    private static IEnumerable<CompiledPort> Ports(ForwardingTable table)
        => table.Services.Where(s => s.Name != Canary.Name).SelectMany(s => s.Ports);

    private static string Line(CompiledPort port, ServedFrontend served)
    {
        var kind = served.Kind == FrontendKind.ClusterIP ? "" : $"{served.Kind} ";
        var affinity = port.AffinitySeconds == 0 ? "" : $" affinity {port.AffinitySeconds}";
        if (!served.LocalPolicy) return $"{kind}{served.Frontend}{affinity} -> {List(port, BackendLists.InCluster)}";
        var inside = served.Kind == FrontendKind.ClusterIP ? "" : $", inside {List(port, BackendLists.InCluster)}";
        return $"{kind}{served.Frontend} local{affinity} -> {List(port, BackendLists.InLocal)}{inside}";
    }

    private static string List(CompiledPort port, BackendLists list)
    {
        var backends = port.Backends.Where(b => b.Lists.HasFlag(list)).Select(b => b.Address).ToArray();
        return backends.Length > 0 ? string.Join(' ', backends) : port.HasRemoteEndpoints ? "drop" : "refuse";
    }
}
