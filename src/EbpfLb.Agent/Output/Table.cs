namespace EbpfLb.Agent.Output;

/// <summary>Rows for people; the first column names the thing.</summary>
/// <param name="Columns">Headings, in capitals as kubectl has them.</param>
internal sealed record Table(IReadOnlyList<Column> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);

internal sealed record Column(string Heading, bool IsNumber = false);
