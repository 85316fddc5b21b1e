namespace EbpfLb.Policy;

/// <summary>What the health check port of a Service tells load balancers about this node (docs/contract.md 9).</summary>
/// <param name="Port">spec.healthCheckNodePort, of a Service of type LoadBalancer with external traffic policy Local.</param>
/// <param name="LocalEndpoints">
/// Addresses of ready endpoints on this node, over all ports. The families are two data sets (docs/contract.md 2), and an endpoint of
/// a dual-stack Service has an address in each: it is the number of the family that has more.
/// </param>
public sealed record HealthCheck(ushort Port, int LocalEndpoints);
