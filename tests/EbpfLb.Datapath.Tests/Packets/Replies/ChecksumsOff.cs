namespace EbpfLb.Datapath.Tests.Packets.Replies;

/// <summary>Where the kernel has to complete checksums itself.</summary>
public enum ChecksumsOff
{
    /// <summary>Nowhere: what a veth pair is like.</summary>
    Nowhere,

    /// <summary>At the client's end: packets come in complete.</summary>
    Client,

    /// <summary>At the node's end: they come in unfinished, and what leaves still marked so is completed, which ruins an answer.</summary>
    Node,
}
