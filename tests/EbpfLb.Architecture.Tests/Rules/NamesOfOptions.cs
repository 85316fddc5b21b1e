using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>
/// The name of an option of the agent is written once, in its row or in OptionNames, and the options of sizes follow from TableSize: who
/// renames one renames it in every message.
/// </summary>
internal static partial class NamesOfOptions
{
    private const string Sizes = "src/EbpfLb.Model/TableSize.cs";

    /// <summary>Whole command lines, which are easier to read as they are typed: their options are those that there are.</summary>
    private const string Examples = "src/EbpfLb.Agent/Commands/HelpExamples.cs";

    private static readonly string[] Rows =
    [
        "src/EbpfLb.Model/OptionNames.cs", "src/EbpfLb.Configuration/KubeProxy/KubeProxyFields.cs",
        "src/EbpfLb.Configuration/KubeProxy/KubeProxyFlags.cs", "src/EbpfLb.Configuration/Own/EbpfLbFields.cs",
    ];

    public static IEnumerable<string> Violations(SourceTree tree)
    {
        List<(string Path, string Text)> sources =
        [
            .. tree.WithExtension(".cs").Where(f => f.Path.StartsWith("src/", StringComparison.Ordinal) && f.Path != Sizes)
                .Select(f => (f.Path, SourceText.WithoutComments(f.Text))),
        ];
        var names = sources.Where(f => Rows.Contains(f.Path)).SelectMany(f => Literal().Matches(f.Text))
            .Select(m => m.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        if (names.Count == 0) yield return "no option is found: where are their rows?";
        var all = sources.SelectMany(f => Option().Matches(f.Text).Select(m => (Name: m.Value, f.Path))).ToList();
        var found = all.Where(f => f.Path != Examples).ToList();
        foreach (var option in found.Where(f => names.Contains(f.Name)).GroupBy(f => f.Name).Where(g => g.Count() > 1))
            yield return $"{option.Key} is written in {string.Join(", ", option.Select(f => f.Path))}; write it in OptionNames alone";
        foreach (var (name, path) in found.Where(f => f.Name.StartsWith("--max-", StringComparison.Ordinal)))
            yield return $"{path}: take {name} from TableSize";
        var written = found.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, path) in all.Where(f => f.Path == Examples && !written.Contains(f.Name)))
            yield return $"{path}: {name} is no option";
    }

    [GeneratedRegex("\"(?<name>--[a-z][a-z0-9-]*)\"", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Literal();

    [GeneratedRegex("(?<![\\w-])--[a-z][a-z0-9-]*[a-z0-9]|(?<![\\w-])--v(?![\\w-])", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Option();
}
