using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>A link in README.md or docs/ to a heading leads to one, as GitHub names them.</summary>
internal static partial class DocumentedAnchors
{
    public static IEnumerable<string> Violations(SourceTree tree)
    {
        var pages = tree.WithExtension(".md")
            .Where(f => f.Path == "README.md" || f.Path.StartsWith("docs/", StringComparison.Ordinal))
            .ToDictionary(f => f.Path, f => f.Text, StringComparer.Ordinal);
        var anchors = pages.ToDictionary(p => p.Key, p => AnchorsOf(p.Value), StringComparer.Ordinal);
        return from page in pages
               from Match link in Link().Matches(page.Value)
               let target = link.Groups["target"].Value
               let document = target.Length == 0 ? page.Key : DocumentedPaths.Resolve(page.Key, target)
               where anchors.TryGetValue(document, out var found) && !found.Contains(link.Groups["anchor"].Value)
               select $"{page.Key}: {document} has no heading #{link.Groups["anchor"].Value}";
    }

    private static string Slug(string heading) => Dropped().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    private static HashSet<string> AnchorsOf(string text)
        => [
            .. Heading().Matches(text).Select(m => Slug(m.Groups["text"].Value)),
            .. Named().Matches(text).Select(m => m.Groups["id"].Value),
        ];

    [GeneratedRegex(@"\]\((?<target>[^)#:\s]*)#(?<anchor>[^)\s]+)\)", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 60_000)]
    private static partial Regex Heading();

    [GeneratedRegex("<a id=\"(?<id>[^\"]+)\">", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Named();

    [GeneratedRegex(@"[^\w\- ]", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Dropped();
}
