using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>What only tests use is theirs: every type of src is used by src.</summary>
internal static partial class ShippedTypes
{
    public static IEnumerable<string> Violations(SourceTree tree)
    {
        var files = tree.WithExtension(".cs").Where(f => f.Path.StartsWith("src/", StringComparison.Ordinal)).ToList();
        var uses = files.SelectMany(f => Word().Matches(f.Text).Select(m => m.Value)).GroupBy(w => w, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        return from file in files
               where !file.Path.EndsWith(".g.cs", StringComparison.Ordinal)
               from Match type in Declaration().Matches(file.Text)
               let name = type.Groups["name"].Value
               // Methods of others, which go without the name of their class.
               where uses[name] == 1 && !file.Text.Contains("(this ", StringComparison.Ordinal) && name != "Program"
               select $"{file.Path}: only tests use {name}; it belongs to them";
    }

    [GeneratedRegex(@"\w+", RegexOptions.None, 60_000)]
    private static partial Regex Word();

    [GeneratedRegex(@"^(public|internal)[\w ]* (class|struct|interface|enum|record)( struct| class)? (?<name>\w+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Declaration();
}
