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
