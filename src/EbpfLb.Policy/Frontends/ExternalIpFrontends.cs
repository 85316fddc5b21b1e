using EbpfLb.Model;

namespace EbpfLb.Policy.Frontends;

/// <summary>spec.externalIPs of the family, whatever the type of the Service and whoever has the address.</summary>
internal sealed class ExternalIpFrontends : IFrontendPolicy
{
    public void Add(Service service, ServicePort port, IpFamily family, List<ServedFrontend> frontends)
    {
        foreach (var address in service.ExternalIPs)
        {
            if (address.Family != family || address.IsUnspecified) continue;
            frontends.Add(new ServedFrontend(
                new Frontend(address, port.Port, port.Protocol), FrontendKind.ExternalIP, service.ExternalTraffic == TrafficPolicy.Local));
        }
    }
}
