using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>Unsafe code stays where memory is shared with the kernel, and in tests.</summary>
internal static partial class UnsafeCode
{
    private static readonly string[] Allowed = ["src/EbpfLb.Bpf/", "src/EbpfLb.Abi/", "src/EbpfLb.Datapath/Tables/", "tests/"];

    public static IEnumerable<string> Violations(SourceTree tree)
        => from file in tree.WithExtension(".cs")
           where !Array.Exists(Allowed, prefix => file.Path.StartsWith(prefix, StringComparison.Ordinal))
           where UnsafeKeyword().IsMatch(SourceText.WithoutComments(SourceText.WithoutStrings(file.Text)))
           select $"{file.Path}: unsafe code belongs into one of {string.Join(", ", Allowed)}";

    [GeneratedRegex(@"\bunsafe\b", RegexOptions.None, 1000)]
    private static partial Regex UnsafeKeyword();
}
