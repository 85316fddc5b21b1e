namespace EbpfLb.Policy.Explaining;

/// <summary>What becomes of a connection.</summary>
public enum FlowVerdict
{
    /// <summary>No frontend of ours: it goes on untouched.</summary>
    Pass,

    /// <summary>It goes to a backend.</summary>
    Dnat,

    /// <summary>Refused at once: a reset, or port unreachable.</summary>
    Reject,

    /// <summary>Dropped without a word.</summary>
    Drop,
}
