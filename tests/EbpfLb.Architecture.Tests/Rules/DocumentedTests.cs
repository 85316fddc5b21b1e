using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>A test that docs/conformance.md names exists, and each row of its tables names one or says why there is none.</summary>
internal static partial class DocumentedTests
{
    public const string Document = "docs/conformance.md";

    public const string NotHere = "not here:";

    public static IEnumerable<string> Violations(SourceTree tree)
    {
        if (!tree.Files.TryGetValue(Document, out var text)) yield break;
        var tests = tree.WithExtension(".cs").Where(f => f.Path.StartsWith("tests/", StringComparison.Ordinal)).ToList();
        foreach (var name in Code().Matches(text).Select(m => m.Groups["code"].Value).Distinct(StringComparer.Ordinal))
        {
            if (!Exists(name, tree, tests)) yield return $"{Document}: names the test {name}, which does not exist";
        }
        foreach (var row in text.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)))
        {
            var last = row.TrimEnd(' ', '|').Split('|')[^1].Trim();
            if (last != "test" && !last.Contains('`', StringComparison.Ordinal) && !last.StartsWith(NotHere, StringComparison.Ordinal))
                yield return $"{Document}: no test and no '{NotHere} why' in the row {row}";
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
