using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>A path of the repository that README.md or docs/ names exists; so does the target of a relative link.</summary>
internal static partial class DocumentedPaths
{
    public static IEnumerable<string> Violations(SourceTree tree)
    {
        foreach (var (path, text) in tree.WithExtension(".md"))
        {
            if (path != "README.md" && !path.StartsWith("docs/", StringComparison.Ordinal)) continue;
            var named = RepositoryPath().Matches(text).Select(m => m.Value.TrimEnd('.', ',', ':'));
            var linked = RelativeLink().Matches(text).Select(m => Resolve(path, m.Groups["target"].Value));
            foreach (var target in named.Concat(linked).Distinct(StringComparer.Ordinal))
                if (!tree.Exists(target)) yield return $"{path}: names {target}, which does not exist";
        }
    }

    public static string Resolve(string document, string target)
    {
        var parts = new Stack<string>(document.Split('/')[..^1]);
        foreach (var part in target.Split('/'))
        {
            if (part == "..") parts.TryPop(out _);
            else if (part is not "." and not "") parts.Push(part);
        }
        return string.Join('/', parts.Reverse());
    }

    // Not inside an absolute path (/sys/fs/bpf/...) or another word.
    [GeneratedRegex(@"(?<![\w./-])(src|bpf|docs|tests|tools|deploy|\.ci)/[\w.*/-]+", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"\]\((?<target>[^)#:\s]+)(#[^)]*)?\)", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex RelativeLink();
}
