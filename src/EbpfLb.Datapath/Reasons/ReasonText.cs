using EbpfLb.Abi;

namespace EbpfLb.Datapath.Reasons;

/// <summary>A reason in words.</summary>
/// <param name="Meaning">What happened, a clause without a full stop.</param>
/// <param name="Advice">What to do about it; null when nothing needs to be done.</param>
public sealed record ReasonText(LbReason Reason, ReasonKind Kind, string Meaning, string? Advice = null)
{
    /// <summary>A packet's end, counted with its bytes; others count once for something that happened.</summary>
    public bool IsPacket => Kind is ReasonKind.Passed or ReasonKind.Balanced or ReasonKind.Answered or ReasonKind.Dropped;
}
