namespace EbpfLb.Datapath.Attach;

/// <summary>How programs are put at devices.</summary>
public enum TcAttachMode
{
    /// <summary>TCX where the kernel has it (6.6), else clsact.</summary>
    Auto,

    /// <summary>Links; they outlive the agent and go with the device.</summary>
    Tcx,

    /// <summary>Filters at the qdisc clsact.</summary>
    Clsact,
}
