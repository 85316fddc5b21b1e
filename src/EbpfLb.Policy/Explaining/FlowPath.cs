namespace EbpfLb.Policy.Explaining;

/// <summary>Where a connection is translated.</summary>
public enum FlowPath
{
    /// <summary>Once, by the socket hooks, when a process of this node connects or sends.</summary>
    Socket,

    /// <summary>Packet by packet, at the device that it comes in by.</summary>
    Packet,
}
