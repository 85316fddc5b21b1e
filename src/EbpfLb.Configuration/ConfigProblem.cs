namespace EbpfLb.Configuration;

/// <summary>One thing that is wrong.</summary>
/// <param name="Group">API group of the document, "kubeproxy.config.k8s.io"; empty when it is none of ours.</param>
/// <param name="Path">"conntrack.min"; empty for the document.</param>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="Where">"line 12"; null when it came from no text.</param>
public sealed record ConfigProblem(string Group, string Path, string Message, string? Where = null)
{
    /// <summary>"kubeproxy.config.k8s.io: conntrack.min: ... (line 12)".</summary>
    public override string ToString()
        => string.Concat(new[] { Group, Path }.Where(p => p.Length > 0).Select(p => p + ": ")) + Message
            + (Where is null ? "" : $" ({Where})");
}
