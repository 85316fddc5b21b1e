namespace EbpfLb.Yaml.Tests;

public sealed class YamlTreeTests
{
    [Fact]
    public void Values_know_the_line_they_begin_on_and_whether_they_are_plain()
    {
        var map = Map("a: 1\nb:\n- x\n- \"2\"\nc: {d: ~}\n");

        Assert.Equal(new ScalarNode("1", IsPlain: true, 1), map.Find("a"));
        var list = Assert.IsType<ListNode>(map.Find("b"));
        Assert.Equal([new ScalarNode("x", true, 3), new ScalarNode("2", false, 4)], list.Items);
        Assert.Null(Assert.IsType<MapNode>(map.Find("c")).Text("d"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing but a remark\n")]
    [InlineData("---\n---\n~\n")]
    public void Documents_that_hold_nothing_are_left_out(string text) => Assert.Empty(YamlTree.Read(text));

    [Fact]
    public void Documents_are_read_in_their_order_and_JSON_is_YAML()
        => Assert.Equal(["1", "2", "3"], YamlTree.Read("a: 1\n---\na: 2\n---\n{\"a\": 3}\n").Select(d => ((MapNode)d).Text("a")));

    [Fact]
    public void The_last_of_a_name_counts_and_both_are_there()
    {
        var map = Map("a: 1\na: 2\n");
        Assert.Equal(("2", 2), (map.Text("a"), map.Entries.Count));
    }

    [Theory]
    [InlineData("x: &x {a: 1, b: 2}\ny: {<<: *x, a: 3}\n", "3", "2")]
    [InlineData("x: &x {a: 1, b: 2}\ny: {a: 3, <<: *x}\n", "3", "2")]
    [InlineData("x: &x {a: 1}\nz: &z {a: 5, b: 4}\ny: {<<: [*x, *z]}\n", "1", "4")]
    public void What_a_map_says_itself_goes_before_what_it_merges(string text, string a, string b)
    {
        var map = Assert.IsType<MapNode>(Map(text).Find("y"));
        Assert.Equal((a, b), (map.Text("a"), map.Text("b")));
    }

    [Theory]
    [InlineData("? [a, b]\n: 1\n", "a key must be plain text")]
    [InlineData("a: {<<: 1}\n", "\"<<\" merges a map")]
    public void What_no_configuration_has_is_refused_with_what_to_do(string text, string reason)
        => Assert.StartsWith(reason, Assert.Throws<YamlSyntaxException>(() => YamlTree.Read(text)).Message);

    private static MapNode Map(string text) => Assert.IsType<MapNode>(Assert.Single(YamlTree.Read(text)));
}
