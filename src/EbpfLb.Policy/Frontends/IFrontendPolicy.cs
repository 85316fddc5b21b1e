using EbpfLb.Model;

namespace EbpfLb.Policy.Frontends;

/// <summary>Says where a service port answers. Each kind of address (contract section 4) is a policy of its own.</summary>
internal interface IFrontendPolicy
{
    /// <summary>Adds the frontends of one port in one family; adds none when the Service has no such address.</summary>
    void Add(Service service, ServicePort port, IpFamily family, List<ServedFrontend> frontends);
}
