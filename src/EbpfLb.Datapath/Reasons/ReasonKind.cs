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
