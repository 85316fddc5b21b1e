using EbpfLb.Model;

namespace EbpfLb.Policy.Frontends;

/// <summary>ClusterIP:port, at most one address per family (contract section 1, "ClusterIP of a family").</summary>
internal sealed class ClusterIpFrontends : IFrontendPolicy
{
    public void Add(Service service, ServicePort port, IpFamily family, List<ServedFrontend> frontends)
    {
        foreach (var address in service.ClusterIPs)
        {
            if (address.Family != family || address.IsUnspecified) continue;
            frontends.Add(new ServedFrontend(new Frontend(address, port.Port, port.Protocol), FrontendKind.ClusterIP, LocalPolicy: false));
            return;
        }
    }
}
