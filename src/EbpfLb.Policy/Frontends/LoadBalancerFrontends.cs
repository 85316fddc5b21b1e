using EbpfLb.Model;

namespace EbpfLb.Policy.Frontends;

/// <summary>The addresses that the status names as VIPs, each with the port of the Service; the type does not matter.</summary>
internal sealed class LoadBalancerFrontends : IFrontendPolicy
{
    public void Add(Service service, ServicePort port, IpFamily family, List<ServedFrontend> frontends)
    {
        foreach (var address in service.BalancerIPs)
        {
            if (address.Family != family || address.IsUnspecified) continue;
            frontends.Add(new ServedFrontend(
                new Frontend(address, port.Port, port.Protocol), FrontendKind.LoadBalancer,
                service.ExternalTraffic == TrafficPolicy.Local));
        }
    }
}
