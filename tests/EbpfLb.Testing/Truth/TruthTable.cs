using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Truth;

/// <summary>
/// The truth table of docs/policy.md, written by hand from the contract: the document is the data, so they cannot differ. A cell with
/// several words stands for a row of each; so does "any".
/// </summary>
public static class TruthTable
{
    private const string Begin = "| destination | policy | source | endpoints | outcome |";

    private static readonly Dictionary<string, string[]> Words = new(StringComparer.Ordinal)
    {
        ["destination"] = ["ClusterIP", "NodePort", "external IP", "VIP"],
        ["policy"] = ["Cluster", "Local"],
        ["source"] = ["pod", "node", "outside"],
        ["endpoints"] = TruthCluster.Situations,
    };

    /// <summary>All rows; no question is asked twice.</summary>
    public static IReadOnlyList<TruthRow> Rows { get; } = Read(Path.Combine(RepositoryPaths.Root, "docs", "policy.md"));

    private static List<TruthRow> Read(string path)
    {
        var lines = File.ReadLines(path).SkipWhile(l => l != Begin).Skip(2).TakeWhile(l => l.StartsWith('|'));
        var rows = lines.SelectMany(Expand).ToList();
        if (rows.Count == 0) throw new InvalidDataException($"{path} has no truth table");
        var twice = rows.GroupBy(r => r with { Outcomes = "" }).FirstOrDefault(g => g.Count() > 1);
        return twice is null ? rows : throw new InvalidDataException($"{path} answers twice: {string.Join("; ", twice)}");
    }

    private static IEnumerable<TruthRow> Expand(string line)
    {
        var cells = line.Trim('|').Split('|', StringSplitOptions.TrimEntries);
        if (cells.Length != 5) throw new InvalidDataException($"no row of the truth table: {line}");
        return from destination in Each("destination", cells[0])
               from policy in Each("policy", cells[1])
               from source in Each("source", cells[2])
               from endpoints in Each("endpoints", cells[3])
               select new TruthRow(destination, policy, source, endpoints, cells[4]);
    }

    private static string[] Each(string column, string cell) => cell == "any" ? Words[column] : cell.Split(", ");
}
