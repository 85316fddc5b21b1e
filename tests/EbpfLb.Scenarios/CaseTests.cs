using EbpfLb.Scenarios.Format;
using EbpfLb.Scenarios.Runner;
using EbpfLb.Testing;

namespace EbpfLb.Scenarios;

/// <summary>
/// Every file in cases/ says what its manifests become. "make golden" writes what comes out into them, for a person to read as a diff.
/// </summary>
public sealed class CaseTests
{
    public static TheoryData<string> Cases()
    {
        var names = Directory.EnumerateFiles(CaseDirectory(), "*.txt").Select(Path.GetFileNameWithoutExtension)
            .Order(StringComparer.Ordinal);
        return [.. names.Select(n => n!)];
    }

    [Contract("3", "ports that change while in use: another name or protocol is another port; nothing leads to the old one")]
    [Theory]
    [MemberData(nameof(Cases))]
    public void Manifests_become_the_tables_that_the_case_says(string name)
    {
        var path = Path.Combine(CaseDirectory(), name + ".txt");
        var expected = File.ReadAllText(path);
        var actual = Scenario.Run(expected);
        if (Environment.GetEnvironmentVariable("EBPFLB_GOLDEN") == "write") File.WriteAllText(path, expected = actual);

        Assert.True(expected == actual,
            $"{name}.txt differs (- is what the file says, + what came out); 'make "
                + $"golden' writes the new text\n{LineDiff.Write(expected, actual)}");
    }

    [Fact]
    public void Every_case_begins_with_what_it_is_about() => Assert.All(Cases(), row =>
        Assert.StartsWith("# ", File.ReadAllText(Path.Combine(CaseDirectory(), row.Data + ".txt")), StringComparison.Ordinal));

    private static string CaseDirectory()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "EbpfLb.sln"))) directory = directory.Parent;
        return Path.Combine(
            directory?.FullName ?? throw new DirectoryNotFoundException(
                "EbpfLb.sln is in no directory above; run the tests from a build of the repository"),
            "tests", "EbpfLb.Scenarios", "cases");
    }
}
