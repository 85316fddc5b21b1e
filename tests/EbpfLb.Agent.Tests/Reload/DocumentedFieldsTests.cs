using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Testing;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Agent.Tests.Reload;

/// <summary>docs/configuration.md has a row for each field and flag, in the words of the catalogue.</summary>
public sealed class DocumentedFieldsTests
{
    private static string Document => Path.Combine(RepositoryPaths.Root, "docs", "configuration.md");

    [Contract("16", "every field: is read, written, documented, and means what the table of configuration says")]
    [Fact]
    public void Every_field_and_flag_of_kube_proxy_is_in_the_documentation()
        => Check("kube-proxy", "| field | flag | here | change |\n|---|---|---|---|\n",
            [.. ConfigDocument.OfKubeProxy.Rows.Select(row => row.Note), .. KubeProxyFlags.All]);

    [Fact]
    public void Every_field_of_ours_is_in_the_documentation()
        => Check("ebpflb", "| field | option | what it does | change |\n|---|---|---|---|\n",
            [.. ConfigDocument.Own.Rows.Select(row => row.Note)]);

    private static void Check(string name, string head, IReadOnlyList<FieldNote> notes)
    {
        var (begin, end) = (
            $"<!-- {name} fields: written by the tests of the agent with EBPFLB_GOLDEN=write -->\n", $"<!-- end of {name} fields -->");
        var text = File.ReadAllText(Document);
        var from = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        var to = text.IndexOf(end, StringComparison.Ordinal);
        Assert.True(from >= begin.Length && to >= from, "the marks around the table are gone");
        var table = head + string.Concat(notes.Select(Row));
        if (Environment.GetEnvironmentVariable("EBPFLB_GOLDEN") == "write") File.WriteAllText(Document, text[..from] + table + text[to..]);
        else Assert.True(
            table == text[from..to], "docs/configuration.md differs from the catalogue: run this test with EBPFLB_GOLDEN=write");
    }

    private static string Row(FieldNote note)
        => $"| {Code(note.Path)} | {Code(note.Option)} | {(note.HasMeaning ? "" : "**no meaning**: ")}{note.Text} | "
            + $"{Change(note)} |\n";

    private static string Code(string? text) => string.IsNullOrEmpty(text) ? "-" : $"`{text}`";

    private static string Change(FieldNote note) => note.Change switch
    {
        _ when note.Path.Length == 0 => "-",
        FieldChange.Hot => "at once",
        FieldChange.Restart => "restart",
        _ => "-",
    };
}
