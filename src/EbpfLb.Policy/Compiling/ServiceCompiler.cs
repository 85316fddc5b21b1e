using EbpfLb.Model;
using EbpfLb.Policy.Endpoints;
using EbpfLb.Policy.Frontends;

namespace EbpfLb.Policy.Compiling;

/// <summary>Compiles one Service with its slices, without regard to others. Not thread-safe: buffers are reused.</summary>
internal sealed class ServiceCompiler(PolicyOptions options, IFrontendPolicy[] frontendPolicies, IEndpointPolicy endpointPolicy)
{
    private readonly EndpointUnion union = new();
    private readonly List<CompiledPort> ports = [];
    private readonly List<ServedFrontend> frontends = [];
    private readonly List<CompiledBackend> backends = [];
    private readonly List<PolicyDiagnostic> diagnostics = [];

    public CompiledService Compile(ServiceEntry entry)
    {
        if (entry.Service is not { } service || !ServiceScope.IsServed(service))
            return new CompiledService(entry.Name, [], []);
        ports.Clear();
        diagnostics.Clear();
        // IPv4 and IPv6 are two independent data sets (contract section 2).
        foreach (var family in options.Families)
        {
            for (var i = 0; i < service.Ports.Count; i++) AddPort(entry, service, i, family);
        }
        return new CompiledService(entry.Name, ports.ToValueList(), diagnostics.ToValueList());
    }

    private void AddPort(ServiceEntry entry, Service service, int index, IpFamily family)
    {
        var port = service.Ports[index];
        frontends.Clear();
        foreach (var policy in frontendPolicies) policy.Add(service, port, family, frontends);
        if (port.Port == 0 || frontends.Count == 0 || IsDuplicate(service, index, family)) return;
        backends.Clear();
        endpointPolicy.Select(union.Merge(entry.Slices, port, family), backends);
        ports.Add(new CompiledPort(
            new ServicePortKey(entry.Name, port.Name, port.Protocol, family),
            frontends.ToValueList(),
            service.AffinitySeconds,
            backends.ToValueList(),
            Elsewhere: backends.Count > 0,
            Ranges: []));
    }

    /// <summary>An API server refuses such a Service; a manifest may hold one. The first port wins.</summary>
    private bool IsDuplicate(Service service, int index, IpFamily family)
    {
        var port = service.Ports[index];
        for (var i = 0; i < index; i++)
        {
            var earlier = service.Ports[i];
            if (earlier.Protocol != port.Protocol || (earlier.Port != port.Port && earlier.Name != port.Name)) continue;
            var same = earlier.Port == port.Port ? $"number {port.Port}" : $"name '{port.Name}'";
            // One line is enough for a mistake that both families share.
            if (family == options.Families[0] || diagnostics.Count == 0)
            {
                diagnostics.Add(new PolicyDiagnostic(service.Name, $"spec.ports[{index}]",
                    $"has the {same} of spec.ports[{i}] with the same protocol and is not served; "
                    + "give every port a number and a name of its own"));
            }
            return true;
        }
        return false;
    }
}
