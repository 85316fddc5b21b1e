using EbpfLb.Model;
using EbpfLb.Policy.Compiler;

namespace EbpfLb.Policy.Frontends;

/// <summary>
/// ClusterIP:port, at most one address per family. The only kind that internalTrafficPolicy governs (docs/contract.md 5.1).
/// </summary>
/// <param name="deviceAddresses">Of this node's devices: such a ClusterIP is left to the local stack, as a cache of DNS on every node wants
/// it.</param>
internal sealed class ClusterIpFrontends(IReadOnlySet<IpAddress> deviceAddresses) : IFrontendPolicy
{
    public void Add(Service service, ServicePort port, IpFamily family, List<ServedFrontend> frontends)
    {
        if (ServiceScope.ClusterIP(service, family) is not { } address) return;
        frontends.Add(new ServedFrontend(
            new Frontend(address, port.Port, port.Protocol), FrontendKind.ClusterIP, service.InternalTraffic == TrafficPolicy.Local)
        {
            IsOnDevice = deviceAddresses.Contains(address),
        });
    }
}
