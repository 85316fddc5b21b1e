using EbpfLb.Abi;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Flows;

/// <summary>Phases of flows as metrics and commands write them.</summary>
internal static class PhaseName
{
    public static string Of(LbCtPhase phase) => phase switch
    {
        LbCtPhase.New => "new",
        LbCtPhase.Answered => "answered",
        LbCtPhase.Open => "open",
        LbCtPhase.Closing => "closing",
        LbCtPhase.Closed => "closed",
        LbCtPhase.Reset => "reset",
        _ => $"phase {(uint)phase}",
    };
}

/// <summary>"default/web:http", or "default/web" for a port without a name.</summary>
internal static class PortName
{
    public static string Of(ServicePortKey port) => port.PortName.Length == 0 ? port.Service.ToString() : $"{port.Service}:{port.PortName}";
}
