using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>
/// Where the source is changed too: docs/contract.md 5.2, with our one difference, that a backend of this node sees the client.
/// </summary>
internal sealed class MasqueradeRule(ExplainContext context)
{
    /// <summary>Whether the rules say so, hairpins and backends of this node aside, and why.</summary>
    public (bool Changes, string Why) For(ServedFrontend frontend, Source source, Flow flow)
    {
        if (source.Path == FlowPath.Socket) return (false, "translated at the socket, which needs no masquerading");
        if (frontend.Kind == FrontendKind.ClusterIP) return Internal(source, flow.From.Family);
        if (!frontend.LocalPolicy) return (true, Kept("masqueraded: externalTrafficPolicy is Cluster"));
        return source.Class == SourceClass.Node
            ? (true, Kept("masqueraded: the node itself, at a frontend whose externalTrafficPolicy is Local"))
            : (false,
                "not masqueraded: externalTrafficPolicy is "
                    + $"Local{(source.Class == SourceClass.Pod ? ", and the client is a pod" : "")}");
    }

    /// <summary>A hairpin always: the backend would answer itself.</summary>
    /// <param name="changes">What <see cref="For"/> said.</param>
    public bool Applies(bool changes, Source source, Flow flow, in CompiledBackend backend)
        => source.Path == FlowPath.Packet
            && (backend.Address.Address == flow.From || (changes && (context.AlwaysSnat || !SeesClient(backend.Lists))));

    /// <summary>A backend on the wire does not: its replies would pass this node by.</summary>
    private static bool SeesClient(BackendLists lists) => lists.HasFlag(BackendLists.Local) && !lists.HasFlag(BackendLists.OnWire);

    private (bool, string) Internal(Source source, IpFamily family)
    {
        if (context.MasqueradeAll) return (true, Kept("masqueraded: masqueradeAll"));
        if (!context.HasDetector(family)) return (false, $"not masqueraded: there is no detector for pods of {family}");
        return source.Class == SourceClass.Pod
            ? (false, "not masqueraded: the client is a pod")
            : (true, Kept(source.Class == SourceClass.Node ? "masqueraded: the node itself" : "masqueraded: the client is no pod"));
    }

    private string Kept(string why) => context.AlwaysSnat ? why : $"{why}; backends of this node see the client";
}
