using System.Text.RegularExpressions;

namespace EbpfLb.Agent.Commands.Sysdump;

/// <summary>
/// Takes secrets out of text: what looks like one, and the values of those that are known. Nothing that is collected is meant to have
/// any; this is for what slips in, such as an option of another process.
/// </summary>
/// <param name="known">Values; short ones are left out, as they would be everywhere.</param>
internal sealed partial class SecretRemover(IEnumerable<string> known)
{
    public const string Removed = "[removed]";

    private const int Shortest = 6;

    /// <summary>Long ones first: one may hold another.</summary>
    private readonly IReadOnlyList<string> values = [.. known.Select(v => v.Trim()).Where(v => v.Length >= Shortest).Distinct()
        .OrderByDescending(v => v.Length)];

    public string Clean(string text)
    {
        foreach (var value in values) text = text.Replace(value, Removed, StringComparison.Ordinal);
        text = PrivateKey().Replace(text, Removed);
        text = UserOfUrl().Replace(text, $"://{Removed}@");
        text = WebToken().Replace(text, Removed);
        text = Bearer().Replace(text, $"${{name}}{Removed}");
        return Named().Replace(text, $"${{name}}${{quote}}{Removed}");
    }

    /// <summary>Values of a kubeconfig, or of an environment, that its names call secret.</summary>
    public static IEnumerable<string> ValuesOf(string text) => Named().Matches(text).Select(m => m.Groups["value"].Value);

    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\\z)",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex PrivateKey();

    [GeneratedRegex("://[^/@\\s\"']+@", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex UserOfUrl();

    /// <summary>Three parts in base64url, the first of which begins with {" (RFC 7519).</summary>
    [GeneratedRegex("eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex WebToken();

    [GeneratedRegex("(?<name>\\b(Bearer|Basic) )[A-Za-z0-9+/=._~-]+", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Bearer();

    /// <summary>NAME: value, NAME=value, "NAME": "value of words", --name=value and --name value. Paths of files are no secrets.</summary>
    [GeneratedRegex(
        "(?<name>(([A-Za-z0-9_.-]*(token|secret|passwo?r?d|api[-_]?key|access[-_]?key|private[-_]?key|credential)s?|[a-z-]+-data)"
            + "[\"']?( ?[:=] ?)|--[a-z-]*(token|secret|password) (?!-)))(?<quote>[\"']?)(?![\\[{(])"
            + "(?!/(dev|etc|home|opt|proc|root|run|sys|tmp|usr|var)/)"
            + "(?<value>(?<=\")[^\"\\n]{3,}|(?<=')[^'\\n]{3,}|[^\\s\"',;}\\]]{3,})",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Named();
}
