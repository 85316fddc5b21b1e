using System.Globalization;
using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Native;

/// <summary>
/// Numbers that a program takes from C headers differ by architecture without anybody seeing it on the other. Those of src/ come from
/// Tmds.LibC or are constants with C names; a constant with the suffix _X64 or _ARM64 holds there only, all else on both.
/// </summary>
public sealed partial class NativeNumberTests
{
    private static readonly List<(string Path, string Name, long Value)> Constants = [.. Find(Constant()), .. Find(ErrorNumber())];

    private static readonly List<string> FromPackage =
        [.. from file in Sources() from Match match in PackageNumber().Matches(file.Text) select match.Groups["name"].Value];

    [Fact]
    public void Every_constant_is_what_the_headers_of_both_architectures_have()
    {
        List<string> wrong = [];
        foreach (var (path, name, value) in Constants)
        {
            if (!name.EndsWith("_ARM64", StringComparison.Ordinal))
                Check($"{path}: {name} of x86-64", value, KernelHeaders.X64.Find(Bare(name)), wrong);
            if (!name.EndsWith("_X64", StringComparison.Ordinal))
                Check($"{path}: {name} of arm64", value, KernelHeaders.Arm64.Find(Bare(name)), wrong);
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Every_constant_that_the_package_has_too_is_the_same_there_for_both_architectures()
    {
        List<string> wrong = [];
        foreach (var (path, name, value) in Constants)
        {
            if (LibCPackage.X64.Find(Bare(name)) is { } x64 && !name.EndsWith("_ARM64", StringComparison.Ordinal))
                Check($"{path}: {name} of x86-64", value, x64, wrong);
            if (LibCPackage.Arm64.Find(Bare(name)) is { } arm64 && !name.EndsWith("_X64", StringComparison.Ordinal))
                Check($"{path}: {name} of arm64", value, arm64, wrong);
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Every_number_that_is_taken_from_the_package_is_what_the_headers_have_for_both_architectures()
    {
        List<string> wrong = [];
        foreach (var name in FromPackage)
        {
            Check($"{name} of x86-64", LibCPackage.X64.Find(name), KernelHeaders.X64.Find(name), wrong);
            Check($"{name} of arm64", LibCPackage.Arm64.Find(name), KernelHeaders.Arm64.Find(name), wrong);
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Contains("O_DIRECTORY", FromPackage);
        Assert.True(FromPackage.Count > 20, $"{FromPackage.Count} numbers");
    }

    /// <summary>What the package has is not written down a second time, except the error numbers, which are an enum.</summary>
    [Fact]
    public void A_number_that_the_package_has_is_taken_from_it()
        => Assert.Empty(from constant in Constants
                        where !constant.Name.StartsWith('E') && LibCPackage.X64.Find(Bare(constant.Name)) is not null
                        select $"{constant.Path}: {constant.Name}");

    [Fact]
    public void What_differs_has_a_constant_for_each_architecture()
    {
        var names = Constants.Select(n => n.Name).ToHashSet();
        foreach (var name in names.Where(n => Bare(n) != n))
            Assert.True(names.Contains($"{Bare(name)}_X64") && names.Contains($"{Bare(name)}_ARM64"), name);
        Assert.Contains("SYS_MEMBARRIER_ARM64", names);
    }

    /// <summary>The tests would else be content with nothing.</summary>
    [Fact]
    public void The_constants_are_found_and_the_sources_differ_where_architectures_do()
    {
        Assert.True(Constants.Count > 30, $"{Constants.Count} numbers");
        Assert.Equal((0x10000L, 0x4000L), (KernelHeaders.X64.Find("O_DIRECTORY")!.Value, KernelHeaders.Arm64.Find("O_DIRECTORY")!.Value));
        Assert.Equal((0x10000L, 0x4000L), (LibCPackage.X64.Find("O_DIRECTORY")!.Value, LibCPackage.Arm64.Find("O_DIRECTORY")!.Value));
        Assert.Equal((324L, 283L), (KernelHeaders.X64.Find("SYS_MEMBARRIER")!.Value, KernelHeaders.Arm64.Find("SYS_MEMBARRIER")!.Value));
    }

    private static void Check(string what, long? ours, long? other, List<string> wrong)
    {
        if (other is null) wrong.Add($"{what}: no header has it: name one in {nameof(KernelHeaders)}");
        else if (other != ours) wrong.Add($"{what} is {ours:x}, elsewhere {other:x}");
    }

    private static string Bare(string name) => name.EndsWith("_X64", StringComparison.Ordinal) ? name[..^4] : name.EndsWith(
        "_ARM64", StringComparison.Ordinal) ? name[..^6] : name;

    private static IEnumerable<(string Path, string Text)> Sources()
        => SourceTree.OfRepository().WithExtension(".cs")
            .Where(file
                => file.Path.StartsWith("src/", StringComparison.Ordinal) && !file.Path.EndsWith(".g.cs", StringComparison.Ordinal));

    private static IEnumerable<(string Path, string Name, long Value)> Find(Regex pattern)
        => from file in Sources()
           from Match match in pattern.Matches(file.Text)
           let text = match.Groups["value"].Value
           select (file.Path, match.Groups["name"].Value, text.StartsWith("0x", StringComparison.Ordinal)
               ? long.Parse(text[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
               : long.Parse(text, CultureInfo.InvariantCulture));

    /// <summary>"const int O_CLOEXEC = 0x80000;"</summary>
    [GeneratedRegex(
        @"\bconst\s+\w+\s+(?<name>[A-Z][A-Z0-9_]+)\s*=\s*(?<value>0x[0-9a-fA-F]+|-?[0-9]+)\s*;", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Constant();

    /// <summary>"EPERM = 1," of an enum.</summary>
    [GeneratedRegex(@"^\s+(?<name>E[A-Z0-9]{2,})\s*=\s*(?<value>[0-9]+),", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex ErrorNumber();

    /// <summary>"public static int O_CLOEXEC => Package.O_CLOEXEC;"</summary>
    [GeneratedRegex(@"\bPackage\.(?<name>[A-Z][A-Z0-9_]+)\b", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex PackageNumber();
}
