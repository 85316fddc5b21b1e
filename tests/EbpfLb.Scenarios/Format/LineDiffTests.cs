namespace EbpfLb.Scenarios.Format;

public sealed class LineDiffTests
{
    [Fact]
    public void Equal_texts_have_no_difference() => Assert.Equal("", LineDiff.Write("a\nb\n", "a\nb\n"));

    [Fact]
    public void A_changed_line_is_shown_with_its_neighbours() => Assert.Equal(
        "  ...\n  2\n  3\n  4\n- 5\n+ five\n  6\n  7\n  8\n",
        LineDiff.Write("1\n2\n3\n4\n5\n6\n7\n8\n9", "1\n2\n3\n4\nfive\n6\n7\n8\n9"));

    [Fact]
    public void An_added_and_a_removed_line_are_told_apart() => Assert.Equal("- a\n  b\n+ c\n", LineDiff.Write("a\nb", "b\nc"));
}
