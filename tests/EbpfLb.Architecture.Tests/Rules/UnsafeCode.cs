using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>Unsafe code and calls into C stay where memory is shared with the kernel, and in tests.</summary>
internal static partial class UnsafeCode
{
    private static readonly string[] Allowed = ["src/EbpfLb.Native/", "src/EbpfLb.Bpf/", "tests/"];

    public static IEnumerable<string> Violations(SourceTree tree)
        => from file in tree.WithExtension(".cs")
           where !Array.Exists(Allowed, prefix => file.Path.StartsWith(prefix, StringComparison.Ordinal))
           where UnsafeWord().IsMatch(SourceText.WithoutComments(SourceText.WithoutStrings(file.Text)))
           select $"{file.Path}: unsafe code and calls into C belong into one of {string.Join(", ", Allowed)}";

    [GeneratedRegex(@"\b(unsafe|LibraryImport|DllImport)\b", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex UnsafeWord();
}
