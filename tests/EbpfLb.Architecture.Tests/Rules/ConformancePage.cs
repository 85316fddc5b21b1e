using System.Text;
using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>
/// Makes docs/conformance.md: each section of docs/contract.md, its rules, and the tests that have a [Contract] attribute with that
/// section. Rules and sections without a test have a row in docs/conformance-exceptions.md that says why.
/// </summary>
internal static partial class ConformancePage
{
    public const string Document = "docs/conformance.md";
    public const string Exceptions = "docs/conformance-exceptions.md";

    private const string Contract = "docs/contract.md";

    private const string Intro = """
        # Conformance

        Which test proves which rule of the [contract](contract.md). This page is made from the `[Contract]` attributes of the tests, by the
        test `Conformance_is_what_the_attributes_of_tests_say` with EBPFLB_GOLDEN=write.

        See also: [rules that no test shows](conformance-exceptions.md), [Kubernetes' own tests](kubernetes-e2e.md), [neighbours](neighbours.md).

        """;

    private sealed record Proof(string Section, string Rule, string Test, string Path);

    private sealed record Section(string Number, string Title);

    public static string Write(SourceTree tree)
    {
        var proofs = Proofs(tree).ToLookup(p => p.Section, StringComparer.Ordinal);
        var text = new StringBuilder(Intro);
        foreach (var section in Sections(tree))
        {
            var isItem = section.Number.StartsWith("19.", StringComparison.Ordinal);
            if (!isItem) text.Append($"\n{(section.Number.Contains('.') ? "###" : "##")} {section.Number} {section.Title}\n\n");
            if (section.Number == "19" || !isItem && proofs[section.Number].Any()) text.Append("| rule | tests |\n|---|---|\n");
            else if (!isItem && !HasSubsectionWithTest(section, proofs)) text.Append("Not shown by a test.\n");
            var rules = proofs[section.Number].GroupBy(p => p.Rule, StringComparer.Ordinal).OrderBy(r => r.Key, StringComparer.Ordinal);
            foreach (var rule in rules)
            {
                var number = isItem ? $"{section.Number}: " : "";
                var tests = rule.Select(p => $"`{p.Test}`").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
                text.Append($"| {number}{rule.Key.Replace("|", "\\|", StringComparison.Ordinal)} | {string.Join(", ", tests)} |\n");
            }
        }
        return text.ToString();
    }

    /// <summary>Attributes that name no section, and sections that neither a test nor the page of exceptions names.</summary>
    public static IEnumerable<string> Violations(SourceTree tree)
    {
        var sections = Sections(tree).ToList();
        var proofs = Proofs(tree).ToLookup(p => p.Section, StringComparer.Ordinal);
        foreach (var proof in proofs.SelectMany(p => p).Where(p => sections.TrueForAll(s => s.Number != p.Section)))
            yield return $"{proof.Path}: {proof.Test} proves section {proof.Section}, which {Contract} does not have";
        var excepted = Row().Matches(tree.Files.GetValueOrDefault(Exceptions, "")).Select(m => m.Groups["section"].Value).ToHashSet();
        foreach (var section in sections.Where(s => !proofs[s.Number].Any() && !HasSubsectionWithTest(s, proofs)))
        {
            if (!excepted.Contains(section.Number))
                yield return $"{Contract}: no test has [Contract(\"{section.Number}\", ...)] and {Exceptions} does not say why";
        }
    }

    private static bool HasSubsectionWithTest(Section section, ILookup<string, Proof> proofs)
        => proofs.Any(p => p.Key.StartsWith(section.Number + ".", StringComparison.Ordinal));

    private static IEnumerable<Section> Sections(SourceTree tree)
    {
        var list = "";
        foreach (var line in tree.Files.GetValueOrDefault(Contract, "").Split('\n'))
        {
            if (Heading().Match(line) is { Success: true } heading)
            {
                list = heading.Groups["number"].Value;
                yield return new Section(list, heading.Groups["title"].Value);
            }
            else if (list == "19" && ListItem().Match(line) is { Success: true } item)
            {
                yield return new Section($"19.{item.Groups["number"].Value}", item.Groups["title"].Value);
            }
        }
    }

    private static IEnumerable<Proof> Proofs(SourceTree tree)
        => from file in tree.WithExtension(".cs")
           where file.Path.StartsWith("tests/", StringComparison.Ordinal)
               && !file.Path.StartsWith("tests/EbpfLb.Architecture.Tests/", StringComparison.Ordinal)
           from Match attribute in Attribute().Matches(file.Text)
           let rule = string.Concat(Literal().Matches(attribute.Groups["rule"].Value).Select(m => m.Groups["text"].Value))
           select new Proof(attribute.Groups["section"].Value, Regex.Unescape(rule), TestAfter(file.Text, attribute), file.Path);

    /// <summary>The class or method that the attribute stands on.</summary>
    private static string TestAfter(string text, Match attribute)
    {
        var member = Member().Match(text, attribute.Index + attribute.Length);
        if (member.Groups["class"].Success) return member.Groups["class"].Value;
        var type = Class().Matches(text).Last(m => m.Index < attribute.Index).Groups["class"].Value;
        return $"{type}.{member.Groups["method"].Value}";
    }

    private const string Text = "\"(?:[^\"\\\\]|\\\\.)*\"";

    [GeneratedRegex(
        $@"\[Contract\(\s*""(?<section>[\d.]+)"",\s*(?<rule>{Text}(\s*\+\s*{Text})*)\)\]", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Attribute();

    [GeneratedRegex("\"(?<text>(?:[^\"\\\\]|\\\\.)*)\"", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Literal();

    [GeneratedRegex(
        @"^\s*public [\w ]*?(class (?<class>\w+)|(void|Task|ValueTask) (?<method>\w+)\()",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        60_000)]
    private static partial Regex Member();

    [GeneratedRegex(@"^public [\w ]*?class (?<class>\w+)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 60_000)]
    private static partial Regex Class();

    [GeneratedRegex(@"^#{2,3} (?<number>\d+(\.\d+)?)\.? (?<title>.+)$", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^(?<number>\d+)\. (?<title>.+)$", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex ListItem();

    [GeneratedRegex(@"^\| (?<section>\d+(\.\d+)?) \|", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 60_000)]
    private static partial Regex Row();
}
