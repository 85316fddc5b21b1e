using System.Globalization;
using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Native;

/// <summary>
/// Numbers that a program takes from C headers differ by architecture without anybody seeing it on the other. Those of src/ have C names;
/// what has the suffix _X64 or _ARM64 holds there only, all else on both.
/// </summary>
public sealed partial class NativeNumberTests
{
    private static readonly List<(string Path, string Name, long Value)> Numbers = [.. Find(Constant()), .. Find(ErrorNumber())];

    [Fact]
    public void Every_number_is_what_another_source_has_for_both_architectures()
    {
        List<string> wrong = [];
        foreach (var (path, name, value) in Numbers)
        {
            if (!name.EndsWith("_ARM64", StringComparison.Ordinal)) Check(path, name, Bare(name), value, SecondSource.X64, "x86-64", wrong);
            if (!name.EndsWith("_X64", StringComparison.Ordinal)) Check(path, name, Bare(name), value, SecondSource.Arm64, "arm64", wrong);
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void What_differs_has_a_number_for_each_architecture()
    {
        var names = Numbers.Select(n => n.Name).ToHashSet();
        foreach (var name in names.Where(n => Bare(n) != n)) Assert.True(names.Contains($"{Bare(name)}_X64") && names.Contains($"{Bare(name)}_ARM64"), name);
        Assert.Contains("O_DIRECTORY_ARM64", names);
        Assert.Contains("SYS_MEMBARRIER_ARM64", names);
    }

    /// <summary>The test would else be content with nothing.</summary>
    [Fact]
    public void The_numbers_are_found_and_the_sources_differ_where_architectures_do()
    {
        Assert.True(Numbers.Count > 30, $"{Numbers.Count} numbers");
        Assert.Equal((0x10000L, 0x4000L), (SecondSource.X64.Find("O_DIRECTORY")!.Value, SecondSource.Arm64.Find("O_DIRECTORY")!.Value));
        Assert.Equal(0x10000L, SecondSource.Arm64.Find("O_DIRECT"));
    }

    private static void Check(string path, string name, string asked, long value, SecondSource source, string architecture, List<string> wrong)
    {
        if (source.Find(asked) is not { } other) wrong.Add($"{path}: no second source has {asked}: name one in {nameof(SecondSource)}");
        else if (other != value) wrong.Add($"{path}: {name} is {value:x}, on {architecture} it is {other:x}");
    }

    private static string Bare(string name) => name.EndsWith("_X64", StringComparison.Ordinal) ? name[..^4] : name.EndsWith("_ARM64", StringComparison.Ordinal) ? name[..^6] : name;

    private static IEnumerable<(string Path, string Name, long Value)> Find(Regex pattern)
        => from file in SourceTree.OfRepository().WithExtension(".cs")
           where file.Path.StartsWith("src/", StringComparison.Ordinal) && !file.Path.EndsWith(".g.cs", StringComparison.Ordinal)
           from Match match in pattern.Matches(file.Text)
           let text = match.Groups["value"].Value
           select (file.Path, match.Groups["name"].Value, text.StartsWith("0x", StringComparison.Ordinal)
               ? long.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) : long.Parse(text, CultureInfo.InvariantCulture));

    /// <summary>"const int O_CLOEXEC = 0x80000;"</summary>
    [GeneratedRegex(@"\bconst\s+\w+\s+(?<name>[A-Z][A-Z0-9_]+)\s*=\s*(?<value>0x[0-9a-fA-F]+|-?[0-9]+)\s*;", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Constant();

    /// <summary>"EPERM = 1," of an enum.</summary>
    [GeneratedRegex(@"^\s+(?<name>E[A-Z0-9]{2,})\s*=\s*(?<value>[0-9]+),", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ErrorNumber();
}
