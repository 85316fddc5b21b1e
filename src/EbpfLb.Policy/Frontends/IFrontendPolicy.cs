using EbpfLb.Model;

namespace EbpfLb.Policy.Frontends;

/// <summary>Says where a service port answers. Each kind of address (docs/contract.md 4) is a policy of its own.</summary>
internal interface IFrontendPolicy
{
    /// <summary>Adds the frontends of one port in one family, in which the Service has a ClusterIP; adds none when it has no such address.</summary>
    void Add(Service service, ServicePort port, IpFamily family, List<ServedFrontend> frontends);
}
