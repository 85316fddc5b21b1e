namespace EbpfLb.Agent.Control;

/// <summary>Where an answer comes from.</summary>
internal static class Origin
{
    public const string Agent = "agent";

    public const string Maps = "maps";
}
