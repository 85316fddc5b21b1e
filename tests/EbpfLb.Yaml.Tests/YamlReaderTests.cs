using YamlDotNet.Core.Events;

namespace EbpfLb.Yaml.Tests;

public sealed class YamlReaderTests
{
    [Fact]
    public void An_alias_is_read_as_what_its_anchor_named_as_often_as_it_stands()
        => Assert.Equal(["a", "1", "b", "1", "c", "1"], Scalars("a: &x 1\nb: *x\nc: *x\n"));

    [Fact]
    public void An_alias_can_stand_within_what_another_anchor_names()
        => Assert.Equal(["a", "1", "b", "k", "1", "c", "k", "1"], Scalars("a: &x 1\nb: &y {k: *x}\nc: *y\n"));

    [Fact]
    public void Who_wants_aliases_is_shown_them()
    {
        var reader = new YamlReader("a: &x 1\nb: *x\n".AsMemory(), keepsAliases: true);
        Assert.True(reader.NextDocument());
        Assert.Single(Events(reader), e => e is AnchorAlias);
    }

    [Theory]
    [InlineData("a: *x\n", 1, 4, "there is no anchor 'x'")]
    [InlineData("a: &x 1\n---\nb: *x\n", 3, 4, "there is no anchor 'x'")]
    [InlineData("a: &x [*x]\n", 1, 8, "anchor 'x' contains itself")]
    [InlineData("a: [1, 2\nb: 3\n", 1, 6, "not valid YAML")]
    [InlineData("a:\n\tb: 1\n", 2, 1, "a tab in the indentation")]
    [InlineData("a: \"open\n", 1, 4, "not valid YAML")]
    public void What_is_wrong_is_named_with_its_place(string text, int line, int column, string reason)
    {
        var e = Assert.Throws<YamlSyntaxException>(() => Scalars(text));
        Assert.Equal((line, column), (e.Line, e.Column));
        Assert.StartsWith(reason, e.Message);
    }

    [Theory]
    [InlineData(60, true)]
    [InlineData(61, false)]
    public void Nesting_is_bounded(int levels, bool isRead)
    {
        var text = new string('[', levels) + new string(']', levels);
        if (isRead) Assert.Empty(Scalars(text));
        else Assert.StartsWith("nested deeper than 60", Assert.Throws<YamlSyntaxException>(() => Scalars(text)).Message);
    }

    [Fact]
    public void A_small_text_does_not_unfold_to_gigabytes()
    {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat(Enumerable.Range(1, 9).Select(
            i => $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));
        Assert.StartsWith("the document's aliases unfold", Assert.Throws<YamlSyntaxException>(() => Scalars(text)).Message);
    }

    [Fact]
    public void Documents_come_one_by_one()
    {
        var reader = new YamlReader("a\n---\nb\n".AsMemory());
        Assert.True(reader.NextDocument());
        Assert.Equal("a", Assert.IsType<Scalar>(reader.Next()).Value);
        Assert.True(reader.NextDocument());
        Assert.Equal("b", Assert.IsType<Scalar>(reader.Next()).Value);
        Assert.False(reader.NextDocument());
    }

    private static List<string> Scalars(string text)
    {
        var reader = new YamlReader(text.AsMemory());
        List<string> values = [];
        while (reader.NextDocument()) values.AddRange(Events(reader).OfType<Scalar>().Select(s => s.Value));
        return values;
    }

    private static IEnumerable<ParsingEvent> Events(YamlReader reader)
    {
        for (var depth = 0; ;)
        {
            var current = reader.Next();
            depth += current.NestingIncrease;
            yield return current;
            if (depth == 0) yield break;
        }
    }
}
