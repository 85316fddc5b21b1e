using EbpfLb.Policy;

namespace EbpfLb.Agent.Flows;

/// <summary>"default/web:http", or "default/web" for a port without a name.</summary>
internal static class PortName
{
    public static string Of(ServicePortKey port) => port.PortName.Length == 0 ? port.Service.ToString() : $"{port.Service}:{port.PortName}";
}
