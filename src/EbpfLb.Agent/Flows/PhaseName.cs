using EbpfLb.Abi;

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
