using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>A test that these pages name exists, and each row of their tables names one or says why there is none.</summary>
internal static partial class DocumentedTests
{
    public static readonly string[] Documents = ["docs/kubernetes-e2e.md", "docs/neighbours.md"];

    public const string NotHere = "not here:";

    public static IEnumerable<string> Violations(SourceTree tree)
    {
        var tests = tree.WithExtension(".cs").Where(f => f.Path.StartsWith("tests/", StringComparison.Ordinal)).ToList();
        return Documents.Where(tree.Files.ContainsKey).SelectMany(page => Violations(page, tree, tests));
    }

    private static IEnumerable<string> Violations(string page, SourceTree tree, List<(string Path, string Text)> tests)
    {
        var text = tree.Files[page];
        foreach (var name in Code().Matches(text).Select(m => m.Groups["code"].Value).Distinct(StringComparer.Ordinal))
        {
            if (!Exists(name, tree, tests)) yield return $"{page}: names the test {name}, which does not exist";
        }
        foreach (var row in text.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)))
        {
            var last = row.TrimEnd(' ', '|').Split('|')[^1].Trim();
            if (last != "test" && !last.Contains('`', StringComparison.Ordinal) && !last.StartsWith(NotHere, StringComparison.Ordinal))
                yield return $"{page}: no test and no '{NotHere} why' in the row {row}";
        }
    }

    /// <summary>"WireTests.A_scenario", "A_scenario", "EbpfLb.E2E/Outside/WireTests"; anything else in code is no test.</summary>
    private static bool Exists(string name, SourceTree tree, List<(string Path, string Text)> tests)
    {
        if (Path().IsMatch(name)) return tree.Exists($"tests/{name}.cs");
        var match = Name().Match(name);
        if (!match.Success) return true;
        var (type, method) = (match.Groups["type"].Value, match.Groups["method"].Value);
        return tests.Any(file
            => (type.Length == 0 || Regex.IsMatch(file.Text, $@"\bclass {type}\b", RegexOptions.None, TimeSpan.FromSeconds(1)))
            && Regex.IsMatch(file.Text, $@"^    public (async )?(void|Task) {method}\(", RegexOptions.Multiline, TimeSpan.FromSeconds(1)));
    }

    [GeneratedRegex("`(?<code>[^`\n]+)`", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Code();

    [GeneratedRegex(@"^EbpfLb\.[\w./]+Tests$", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Path();

    [GeneratedRegex(@"^(((?<type>\w+Tests)\.(?<method>\w+))|(?<method>[A-Z][a-zA-Z0-9]*_\w+))$", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Name();
}
