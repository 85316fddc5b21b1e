using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>Good enough lexing of C and C# for the rules.</summary>
internal static partial class SourceText
{
    public static string WithoutComments(string text) => Comment().Replace(text, " ");

    public static string WithoutStrings(string text) => StringLiteral().Replace(text, "\"\"");

    [GeneratedRegex(@"/\*.*?\*/|//[^\n]*", RegexOptions.Singleline, 60_000)]
    private static partial Regex Comment();

    [GeneratedRegex("""
        "([^"\\\n]|\\.)*"
        """, RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex StringLiteral();
}
