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
