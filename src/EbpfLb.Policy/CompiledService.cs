using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>
/// What a Service does on this node; without ports when it is not for this proxy. The same behaviour keeps the same
/// reference from table to table, so that later stages skip it without a look inside.
/// </summary>
/// <param name="Ports">IPv4 ports first, in the order of spec.ports.</param>
/// <param name="Diagnostics">What is wrong with the object by itself.</param>
public sealed record CompiledService(
    ObjectName Name,
    ValueList<CompiledPort> Ports,
    ValueList<PolicyDiagnostic> Diagnostics)
{
    /// <summary>null: the Service has no health check port, or is not for this proxy.</summary>
    public HealthCheck? HealthCheck { get; init; }
}

/// <summary>What the health check port of a Service tells load balancers about this node (docs/contract.md 9).</summary>
/// <param name="Port">spec.healthCheckNodePort, of a Service of type LoadBalancer with external traffic policy Local.</param>
/// <param name="LocalEndpoints">
/// Addresses of ready endpoints on this node, over all ports. The families are two data sets (docs/contract.md 2), and an endpoint of
/// a dual-stack Service has an address in each: it is the number of the family that has more.
/// </param>
public sealed record HealthCheck(ushort Port, int LocalEndpoints);
