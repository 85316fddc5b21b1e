using EbpfLb.Explain;

namespace EbpfLb.Agent.Control;

/// <summary>What the agent says of connections: from its own table and the node as it knows it.</summary>
internal interface IExplainView
{
    /// <exception cref="FormatException">Nothing is compiled yet.</exception>
    Task<ExplainReport> ExplainAsync(Flow flow, CancellationToken cancellationToken);

    /// <summary>Answers flows that are written as JSON, one a line.</summary>
    /// <param name="first">Number of the first line.</param>
    /// <exception cref="FormatException">Nothing is compiled yet.</exception>
    Task<string> ExplainAsync(string lines, int first, CancellationToken cancellationToken);
}

/// <summary>What the agent says of one connection.</summary>
/// <param name="Answer">The line that a batch would give, JSON.</param>
/// <param name="Text">The same for people, with the endpoints.</param>
/// <param name="Frontend">As it is in the tables: a NodePort at 0.0.0.0 or ::; null when nothing answers.</param>
/// <param name="Cluster">The lists of the service port as compiled.</param>
internal sealed record ExplainReport(
    string Answer, string Text, string? Frontend, IReadOnlyList<string> Cluster, IReadOnlyList<string> Local)
{
    /// <summary>The Local list is asked, not the Cluster list.</summary>
    public bool IsLocal { get; init; }
}

/// <summary>What was asked.</summary>
internal sealed record ExplainQuery(string From, string To, string? Path, string? IngressInterface);
