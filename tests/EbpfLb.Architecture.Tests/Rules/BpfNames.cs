using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>
/// The kernel keeps 15 characters of a map's or program's name (BPF_OBJ_NAME_LEN, with its NUL): longer ones show cut off.
/// </summary>
internal static partial class BpfNames
{
    public const int MaxLength = 15;

    public static IEnumerable<string> Violations(SourceTree tree)
        => from file in tree.WithExtension(".c", ".h")
           where file.Path.StartsWith("bpf/", StringComparison.Ordinal)
           from name in Names(file.Text)
           where name.Length > MaxLength
           select $"{file.Path}: {name} has {name.Length} characters, the kernel shows {MaxLength}";

    /// <summary>Names of the maps and programs that a C text defines.</summary>
    public static IEnumerable<string> Names(string text)
    {
        text = SourceText.WithoutComments(text);
        foreach (Match map in MapDefinition().Matches(text))
            if (Identifier().Matches(map.Groups["declarator"].Value).LastOrDefault(IsName) is { } name) yield return name.Value;
        foreach (Match program in ProgramDefinition().Matches(text))
            yield return program.Groups["wrapped"].Success ? program.Groups["wrapped"].Value : program.Groups["name"].Value;
    }

    private static bool IsName(Match identifier) => !identifier.Value.StartsWith("__", StringComparison.Ordinal);

    // "} lb_slots SEC(".maps");", also with __weak before or after the name.
    [GeneratedRegex("""(?<declarator>[^;{}]*)\bSEC\s*\(\s*"\.maps"\s*\)""", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex MapDefinition();

    // "SEC("cgroup/connect4") int lb_connect4(struct ...", or "SEC("iter/udp") int BPF_PROG(lb_iter, ...".
    [GeneratedRegex(
        """SEC\s*\(\s*"[^"]*"\s*\)[\w\s*]*?\b(BPF_\w+\s*\(\s*(?<wrapped>\w+)|(?<name>\w+)\s*\()""", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex ProgramDefinition();

    [GeneratedRegex(@"[A-Za-z_]\w*", RegexOptions.None, 60_000)]
    private static partial Regex Identifier();
}
