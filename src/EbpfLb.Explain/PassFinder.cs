using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>Why a destination that looks like a Service's is none.</summary>
internal sealed class PassFinder(Explainer explainer)
{
    private readonly TableIndex index = explainer.Index;

    public IEnumerable<string> Find(Explanation explanation)
    {
        var flow = explanation.Flow;
        var nodePort = index.Find(new Frontend(IpAddress.Any(flow.To.Family), flow.Port, flow.Protocol));
        if (nodePort is not null && explainer.Context.OtherNodes.FirstOrDefault(n => n.Address == flow.To) is { Name: { } other })
            yield return $"{flow.To} is an address of node {other}: NodePort {flow.Port} is answered there";
        else if (nodePort is not null && explainer.Context.Addresses.Any(a => a.Address == flow.To))
            yield return $"NodePorts do not answer on {flow.To}: see nodePortAddresses ({OptionNames.NodeportAddresses})";
        else if (nodePort is not null && !flow.To.IsLoopback)
            yield return $"{flow.Port} is a NodePort of {nodePort.Port.Port.Key.Service}, but no "
                + $"interface of node {explainer.Context.NodeName} is known to have {flow.To}";
        else if (nodePort is not null && flow.To.IsLoopback && explanation.Source.Class == SourceClass.Node)
            yield return "NodePorts do not answer on loopback: see localhostNodePorts and nodePortAddresses";

        var there = index.Frontends.Where(f => f.Frontend.Frontend.Address == flow.To && f.Frontend.Kind != FrontendKind.NodePort).ToList();
        if (there.Count > 0)
        {
            var ports = there.Select(f => f.Frontend.Frontend).Order().Select(f => $"{f.Port}/{f.Protocol.ToText()}");
            yield return $"{flow.To} is {Explainer.Name(there[0].Frontend.Kind)} of "
                + $"{there[0].Port.Port.Key.Service}, with {string.Join(", ", ports)} only: other ports of it are left alone";
        }
        foreach (var entry in index.Entries.OrderBy(e => e.Name))
        {
            if (entry.Service is { } service && Unserved(service, flow.To) is { } why)
                yield return $"{flow.To} is in Service {service.Name}, which is not served: {why}";
        }
    }

    private static string? Unserved(Service service, IpAddress address)
    {
        if (!service.ClusterIPs.Contains(address) && !service.ExternalIPs.Contains(address) && !service.BalancerIPs.Contains(address))
            return null;
        return NotServed.Reason(service)
            ?? (service.ClusterIPs.Any(a => a.Family == address.Family) ? null : $"it has no ClusterIP of {address.Family}");
    }
}
