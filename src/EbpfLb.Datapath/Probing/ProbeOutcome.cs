namespace EbpfLb.Datapath.Probing;

/// <summary>What the program made of a packet.</summary>
public enum ProbeOutcome
{
    /// <summary>It goes on as it came.</summary>
    Passed,

    /// <summary>It goes to a backend.</summary>
    Translated,

    /// <summary>Its sender gets a reset or port unreachable.</summary>
    Refused,

    Dropped,
}
