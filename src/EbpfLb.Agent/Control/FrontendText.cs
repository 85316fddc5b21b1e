namespace EbpfLb.Agent.Control;

/// <summary>How reports name the rules of a frontend.</summary>
internal static class FrontendText
{
    /// <summary>As Kubernetes writes it.</summary>
    public static string Policy(bool isLocal) => isLocal ? "Local" : "Cluster";
}
