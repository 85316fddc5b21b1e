namespace EbpfLb.Scenarios.Format;

public sealed class SectionTests
{
    [Fact]
    public void A_case_is_put_together_again_from_its_sections()
    {
        const string text = "# about\n\n== apply\nkind: Service\n---\nkind: Node\n== step\n== tables\nx\n";

        var sections = Section.ParseAll(text);

        Assert.Equal(["", "apply", "step", "tables"], sections.Select(s => s.Verb));
        Assert.Equal(text, string.Concat(sections));
    }

    [Fact]
    public void Blank_lines_and_remarks_say_nothing()
        => Assert.Equal(["a", "b"], Section.ParseAll("== delete\na\n\n# no\n  b\n")[1].Lines);
}
