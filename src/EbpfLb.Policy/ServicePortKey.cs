using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>
/// Names one data set: a port of a Service in one family. Each has its own id, endpoints, affinity memory and counters
/// (docs/contract.md 2 and 11).
/// </summary>
/// <param name="PortName">"" when the port has no name.</param>
public readonly record struct ServicePortKey(ObjectName Service, string PortName, TransportProtocol Protocol, IpFamily Family)
{
    /// <summary>"default/web:http/TCP/IPv4".</summary>
    public override string ToString() => $"{Service}:{PortName}/{Protocol.ToText()}/{Family}";
}
