using EbpfLb.Model;
using EbpfLb.Policy.Endpoints;
using EbpfLb.Policy.Frontends;
using EbpfLb.Policy.Sources;

namespace EbpfLb.Policy.Compiler;

/// <summary>Compiles one Service with its slices, without regard to others. Not thread-safe: buffers are reused.</summary>
internal sealed class ServiceCompiler(
    PolicyOptions options, NodeFacts node, NodeNetwork network, IFrontendPolicy[] frontendPolicies, IEndpointPolicy[] endpointPolicies)
{
    private readonly EndpointUnion union = new();
    private readonly PortFrontends frontends = new(frontendPolicies);
    private readonly EndpointSelection selection = new(node, network, endpointPolicies);
    private readonly Untracking untracking = new(network);
    private readonly LocalReadyCount localReady = new(node);
    private readonly List<CompiledPort> ports = [];
    private readonly List<CompiledBackend> backends = [];
    private readonly List<PolicyDiagnostic> diagnostics = [];

    public CompiledService Compile(ServiceEntry entry)
    {
        if (entry.Service is not { } service || !ServiceScope.IsServed(service))
            return new CompiledService(entry.Name, [], []);
        ports.Clear();
        diagnostics.Clear();
        localReady.Clear();
        ReportRefused(entry, service);
        // IPv4 and IPv6 are two independent data sets (docs/contract.md 2).
        foreach (var family in options.Families)
        {
            if (ServiceScope.ClusterIP(service, family) is not { } address) continue;
            var first = ports.Count;
            for (var i = 0; i < service.Ports.Count; i++) AddPort(entry, service, i, family);
            if (options.RefuseUnknownPorts && ports.Count > first) ports[first] = ports[first] with { RejectedAddress = address };
        }
        return new CompiledService(entry.Name, ports.ToValueList(), diagnostics.ToValueList())
        {
            HealthCheck = ServiceScope.HealthCheckPort(service) is var port and not 0 ? new HealthCheck(port, localReady.Value) : null,
        };
    }

    private void AddPort(ServiceEntry entry, Service service, int index, IpFamily family)
    {
        var port = service.Ports[index];
        if (port.Port == 0 || Report(RepeatedPorts.Port(service, index))) return;
        if (Report(RepeatedPorts.NodePort(service, index))) port = port with { NodePort = 0 };
        var served = frontends.Of(service, port, family);
        backends.Clear();
        var endpoints = union.Merge(entry.Slices, port, family, new ServiceDrains(options.Drains, entry.Name));
        if (ServiceScope.HealthCheckPort(service) != 0) localReady.Add(endpoints);
        var tunnels = Tunnels(service, port.Protocol, served);
        var ranges = SourceFilter.Ranges(service, family, served, node);
        var all = tunnels ? untracking.Mark(service, SchedulerOf(service), port.Protocol, !ranges.IsEmpty, served)
            : ValueList.Create(served);
        var kept = RetainedOf(port.Protocol, tunnels);
        var elsewhere = selection.Select(endpoints, served, kept, tunnels, backends);
        ports.Add(new CompiledPort(
            new ServicePortKey(entry.Name, port.Name, port.Protocol, family),
            all,
            service.AffinitySeconds,
            backends.ToValueList(),
            elsewhere,
            ranges)
        {
            Tunnels = tunnels,
            Scheduler = SchedulerOf(service),
            MaglevTableSize = SchedulerOf(service) != Scheduler.Maglev ? 0
                : service.MaglevTableSize != 0 ? service.MaglevTableSize : options.MaglevTableSize,
        });
    }

    /// <summary>Only clients outside are answered directly, and only where the policy lets them reach other nodes.</summary>
    private bool Tunnels(Service service, TransportProtocol protocol, ReadOnlySpan<ServedFrontend> served)
    {
        if (!options.Tunnels || !(service.Forwarding ?? options.Forwarding).Tunnels(protocol)) return false;
        foreach (ref readonly var frontend in served)
            if (frontend.Kind != FrontendKind.ClusterIP && !frontend.LocalPolicy) return true;
        return false;
    }

    private Scheduler SchedulerOf(Service service) => service.Scheduler ?? options.Scheduler;

    /// <summary>A flow's entry has the backend's id and not its node: a tunnel finds that as long as the backend is there.</summary>
    private RetainedEndpoints RetainedOf(TransportProtocol protocol, bool tunnels) => protocol switch
    {
        TransportProtocol.Udp => RetainedEndpoints.Serving,
        _ when tunnels => RetainedEndpoints.All,
        TransportProtocol.Tcp when options.KeepsTcpEndpoints => RetainedEndpoints.All,
        _ => RetainedEndpoints.None,
    };

    private void ReportRefused(ServiceEntry entry, Service service)
    {
        foreach (var field in service.Refused) diagnostics.Add(new PolicyDiagnostic(entry.Name, field.Path, field.Message));
        if (service.Forwarding is { } forwarding && forwarding != Forwarding.Snat && !options.Tunnels)
            diagnostics.Add(new PolicyDiagnostic(entry.Name, RefusedField.Forwarding,
                $"is \"{forwarding.ToText()}\", but the agent was started without tunnels, so snat is used; start the agents of all nodes "
                    + $"with {OptionNames.Tunnel}"));
        foreach (var slice in entry.Slices)
        {
            foreach (var field in slice.Refused)
                diagnostics.Add(new PolicyDiagnostic(entry.Name, $"EndpointSlice {slice.Name}, {field.Path}", field.Message));
        }
    }

    /// <summary>Keeps what is wrong, once when it is in both families; says whether something is.</summary>
    private bool Report(PolicyDiagnostic? diagnostic)
    {
        if (diagnostic is not null && !diagnostics.Contains(diagnostic)) diagnostics.Add(diagnostic);
        return diagnostic is not null;
    }
}
