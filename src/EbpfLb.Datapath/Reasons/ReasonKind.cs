using EbpfLb.Abi;

namespace EbpfLb.Datapath.Reasons;

/// <summary>What a reason counts.</summary>
public enum ReasonKind
{
    /// <summary>Connections and datagrams at the socket hooks.</summary>
    Socket,

    /// <summary>What happened beside a packet's end, which is counted under another reason.</summary>
    Note,

    /// <summary>Packets that went on untouched.</summary>
    Passed,

    /// <summary>Packets sent to a backend or back to a client.</summary>
    Balanced,

    /// <summary>Packets answered in the place of a backend.</summary>
    Answered,

    /// <summary>Packets that ended here.</summary>
    Dropped,
}

/// <summary>A reason in words.</summary>
/// <param name="Meaning">What happened, a clause without a full stop.</param>
/// <param name="Advice">What to do about it; null when nothing needs to be done.</param>
public sealed record ReasonText(LbReason Reason, ReasonKind Kind, string Meaning, string? Advice = null)
{
    /// <summary>A packet's end, counted with its bytes; others count once for something that happened.</summary>
    public bool IsPacket => Kind is ReasonKind.Passed or ReasonKind.Balanced or ReasonKind.Answered or ReasonKind.Dropped;
}
