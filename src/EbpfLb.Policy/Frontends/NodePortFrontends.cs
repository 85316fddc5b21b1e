using EbpfLb.Model;

namespace EbpfLb.Policy.Frontends;

/// <summary>
/// The node port, on 0.0.0.0 or ::, which no other kind has: the datapath knows which addresses of the node that is. A Service
/// of one family has none in the other (docs/contract.md 2).
/// </summary>
internal sealed class NodePortFrontends : IFrontendPolicy
{
    public void Add(Service service, ServicePort port, IpFamily family, List<ServedFrontend> frontends)
    {
        if (port.NodePort == 0) return;
        frontends.Add(new ServedFrontend(
            new Frontend(IpAddress.Any(family), port.NodePort, port.Protocol), FrontendKind.NodePort,
            service.ExternalTraffic == TrafficPolicy.Local));
    }
}
