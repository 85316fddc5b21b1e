using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Policy.Endpoints;

namespace EbpfLb.Explain;

/// <summary>
/// What is wrong with a connection that does not go where its sender wants, or not as the objects ask for, and what to do.
/// </summary>
internal sealed class ProblemFinder(Explainer explainer)
{
    private readonly TableIndex index = explainer.Index;

    public IEnumerable<string> Find(Explanation explanation)
    {
        if (explanation.BareDevice is { } bare)
        {
            yield return $"{explanation.Flow.To} is a Service's, and kube-proxy would answer here too: if clients are behind "
                + $"{bare}, name it by {OptionNames.Devices} beside the other uplinks; `ebpflb status` says why it was left alone";
        }
        else if (explanation is { Verdict: FlowVerdict.Drop or FlowVerdict.Reject, Port: { } port, List: not BackendLists.None })
        {
            foreach (var line in NoEndpoint(explanation, port)) yield return line;
        }
        else if (explanation is { Verdict: FlowVerdict.Drop, Port: not null })
        {
            yield return $"{explanation.Flow.From} is in none of the source ranges: add it to "
                + $"spec.loadBalancerSourceRanges of Service {explanation.Service}, or use another address of the Service";
        }
        else if (explanation is { Verdict: FlowVerdict.Reject, Service: { } owner })
        {
            yield return $"Service {owner} has no port {explanation.Flow.Port}/{explanation.Flow.Protocol.ToText()} at "
                + $"{explanation.Flow.To}; it has {PortsAt(explanation.Flow.To)}";
        }
        else if (explanation.Verdict == FlowVerdict.Pass)
        {
            foreach (var line in new PassFinder(explainer).Find(explanation)) yield return line;
        }

        if (explanation is { Verdict: FlowVerdict.Dnat, List: BackendLists.InCluster, Port: { } used } && Ignored(used) is { } why)
            yield return $"hints are ignored: {why}";
        foreach (var line in OtherThanHere(explanation)) yield return line;
        if (explanation.Service is not { } service) yield break;
        foreach (var diagnostic in explainer.Table.Diagnostics)
        {
            if (diagnostic.Object == service) yield return diagnostic.ToString();
        }
    }

    /// <summary>Where the programs do not do what the rules of kube-proxy ask for.</summary>
    private IEnumerable<string> OtherThanHere(Explanation explanation)
    {
        if (explanation is { Flow.Protocol: TransportProtocol.Sctp, Verdict: not FlowVerdict.Pass, Source.Class: SourceClass.Node })
            yield return "this is kube-proxy's answer; here the node's own SCTP is left alone, as it passes neither a "
                + "socket hook nor the program of incoming packets: use the address of an endpoint";
        if (explanation is { Flow.Protocol: TransportProtocol.Sctp, Verdict: not FlowVerdict.Pass, Source.Class: SourceClass.Pod })
            yield return "SCTP has no socket hooks: that of pods of this node is translated only "
                + $"behind devices that {OptionNames.PodDevice} names, else left alone";
        if (explanation is
        {
            Source: { Path: FlowPath.Socket, Class: SourceClass.Outside },
            Frontend: { LocalPolicy: true, Kind: not FrontendKind.ClusterIP }, Flow.From.Family: var family,
        }
            && explainer.Context.HasDetector(family))
            yield return "this is kube-proxy's answer; here a process of this node outside its own network namespace counts as "
                + "a pod, also with an address that the detector does not know: it gets the Cluster list";
    }

    private IEnumerable<string> NoEndpoint(Explanation explanation, CompiledPort port)
    {
        var candidates = explainer.Candidates(explanation);
        if (candidates.Count > 0 && explanation.Verdict == FlowVerdict.Drop)
        {
            yield return $"no endpoint of {explanation.ServiceText} on node {explainer.Context.NodeName} can be used, and "
                + $"{explanation.ListReason}: "
                + "run one here, send clients to a node that has one, or change the policy to Cluster";
            yield break;
        }
        if (candidates.Count > 0)
        {
            var states = candidates.GroupBy(c => c.Reason).Select(g => $"{g.Count()} {g.Key}");
            yield return $"no endpoint of {explanation.ServiceText} can be used: "
                + $"{string.Join(", ", states)}; look at the readiness of its pods";
            yield break;
        }
        yield return NoBackends.NoEndpoint(index.Entry(port.Key.Service), port.Key);
    }

    private string? Ignored(CompiledPort port) => TopologyHints.WhyIgnored(index.Endpoints(port.Key), index.Node);

    private string PortsAt(IpAddress address) => string.Join(", ", index.Frontends
        .Where(f => f.Frontend.Frontend.Address == address).Select(f
            => f.Frontend.Frontend).Order().Select(f => $"{f.Port}/{f.Protocol.ToText()}"));
}
