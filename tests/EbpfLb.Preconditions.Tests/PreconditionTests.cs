using System.Text.RegularExpressions;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Preconditions.Tests;

/// <summary>
/// What this machine lacks fails here, once. tools/test.sh runs these first and then leaves out the tests that need it: they would say
/// the same again, one after the other.
/// </summary>
public sealed partial class PreconditionTests
{
    public static TheoryData<string> Needs => [.. Machine.Needs.Keys];

    [Theory]
    [MemberData(nameof(Needs))]
    public void The_machine_has(string need)
    {
        var problem = Machine.Needs[need]();

        Assert.True(problem is null, $"{problem} Not run without it: {string.Join(", ", UsersOf(need))}.");
    }

    [Fact]
    public void Every_need_of_a_test_is_looked_at_and_none_for_nobody()
        => Assert.Equal(Machine.Needs.Keys.Order(), Declared().Select(d => d.Need).Distinct().Order());

    private static IEnumerable<string> UsersOf(string need) => Declared().Where(d => d.Need == need).Select(d => d.User).Order();

    /// <summary>Of projects as a whole by Assembly.cs, of classes by the files that hold them.</summary>
    private static IEnumerable<(string Need, string User)> Declared() =>
        from file in Directory.EnumerateFiles(Path.Combine(RepositoryPaths.Root, "tests"), "*.cs", SearchOption.AllDirectories)
        where !file.Contains("/EbpfLb.Preconditions.Tests/", StringComparison.Ordinal)
        from Match trait in Trait().Matches(File.ReadAllText(file))
        let parts = Path.GetRelativePath(Path.Combine(RepositoryPaths.Root, "tests"), file).Split('/')
        let name = Path.GetFileNameWithoutExtension(file)
        select (trait.Groups["need"].Value, name == "Assembly" ? $"{parts[0]}, the whole project" : $"{parts[0]}: {name}");

    [GeneratedRegex("""Trait\("needs", "(?<need>[a-z0-9]+)"\)""", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Trait();
}
