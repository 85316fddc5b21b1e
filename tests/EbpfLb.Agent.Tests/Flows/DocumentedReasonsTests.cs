using EbpfLb.Agent.Kernel;
using EbpfLb.Datapath.Reasons;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Agent.Tests.Flows;

/// <summary>docs/operations/reasons.md has a row for each enum lb_reason, in the words that the log uses.</summary>
public sealed class DocumentedReasonsTests
{
    private const string Begin = "from the catalogue of reasons -->\n";
    private const string End = "<!-- end of reasons -->";

    [Fact]
    public void Every_reason_is_in_the_documentation_with_what_to_do()
    {
        var path = Path.Combine(RepositoryPaths.Root, "docs", "operations", "reasons.md");
        var text = File.ReadAllText(path);
        var from = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var to = text.IndexOf(End, StringComparison.Ordinal);
        Assert.True(from >= Begin.Length && to >= from, "the marks around the table are gone");
        var table = Table();
        if (Environment.GetEnvironmentVariable("EBPFLB_GOLDEN") == "write") File.WriteAllText(path, text[..from] + table + text[to..]);
        else Assert.True(
            table == text[from..to],
            "docs/operations/reasons.md differs from the catalogue of reasons: run this test with EBPFLB_GOLDEN=write");
    }

    private static string Table()
        => "| reason | outcome | meaning | what to do |\n|---|---|---|---|\n" + string.Concat(ReasonCatalog.All.Select(t =>
        $"| `{ReasonName.Of(t.Reason)}` | {SnakeCase.Of(t.Kind.ToString())} | {t.Meaning} | {t.Advice ?? "nothing"} |\n"));
}
