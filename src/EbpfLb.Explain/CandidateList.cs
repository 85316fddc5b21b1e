using EbpfLb.Policy;
using EbpfLb.Policy.Compiler;
using EbpfLb.Policy.Endpoints;

namespace EbpfLb.Explain;

/// <summary>Why an endpoint is in the list in force or not. The table says whether it is; the same hints that chose it say why.</summary>
internal static class CandidateList
{
    public static IReadOnlyList<Candidate> Of(TableIndex index, CompiledPort port, Explanation explanation)
    {
        var lists = port.Backends.ToDictionary(b => b.Address, b => b.Lists);
        var endpoints = index.Endpoints(port.Key);
        var hints = TopologyHints.Read(endpoints, index.Node);
        var isLocalList = explanation.List == BackendLists.InLocal;
        var candidates = new Candidate[endpoints.Length];
        for (var i = 0; i < candidates.Length; i++)
        {
            ref readonly var endpoint = ref endpoints[i];
            var isIn = explanation.List != BackendLists.None && lists.GetValueOrDefault(endpoint.Address).HasFlag(explanation.List);
            var reason = isIn ? In(endpoint, hints, isLocalList) : explanation.List == BackendLists.None ? "not asked" : Out(
                endpoint, hints, index.Node, isLocalList);
            candidates[i] = new Candidate(endpoint.Address, endpoint.Endpoint.NodeName, isIn, reason);
        }
        return candidates;
    }

    private static string In(in MergedEndpoint endpoint, in TopologyHints hints, bool isLocalList)
    {
        var here = isLocalList ? " and on this node" : "";
        if (endpoint.Drain != DrainState.None) return "drained by `ebpflb drain`, and used all the same: no other endpoint is left";
        if (!endpoint.IsReady) return $"terminating but serving{here}: {(isLocalList ? "no ready endpoint is here" : "none is ready")}";
        var ready = endpoint.IsTerminating ? $"ready{here}, though terminating" : $"ready{here}";
        return !isLocalList && hints.Holds ? $"{ready}, hint for {hints.HeldFor}" : ready;
    }

    private static string Out(in MergedEndpoint endpoint, in TopologyHints hints, NodeFacts node, bool isLocalList)
    {
        if (endpoint.Drain != DrainState.None) return "drained on this node by `ebpflb drain`: no new connections, those it has go on";
        if (endpoint.IsDrained) return "weight 0: no new connections, those it has go on";
        var isHere = node.IsHere(endpoint.Endpoint);
        if (isLocalList && !isHere && (endpoint.IsReady || endpoint.IsServingWhileTerminating))
            return endpoint.Endpoint.NodeName is { } other ? $"not on this node, but on {other}" : "not on this node: it has no nodeName";
        if (endpoint.IsReady) return hints.Holds ? $"no hint for {hints.HeldFor}" : "ready, and not in the table";
        if (endpoint.IsServingWhileTerminating)
            return $"terminating: used only while no endpoint {(isLocalList ? "of this node " : "")}is ready";
        return endpoint.IsTerminating ? "terminating and not serving" : "not ready";
    }
}
