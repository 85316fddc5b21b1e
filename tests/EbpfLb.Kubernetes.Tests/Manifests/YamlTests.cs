using System.Text;
using System.Text.Json;
using EbpfLb.Kubernetes.Manifests.Parser;

namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>YAML becomes the JSON that sigs.k8s.io/yaml makes of it.</summary>
public sealed class YamlTests
{
    private static List<string> Documents(string yaml)
    {
        var reader = new YamlToJson(yaml.AsMemory());
        var documents = new List<string>();
        while (reader.Read()) documents.Add(Encoding.UTF8.GetString(reader.Json.Span));
        return documents;
    }

    private static string Json(string yaml) => Assert.Single(Documents(yaml));

    private static ManifestSyntaxException Refused(string yaml) => Assert.Throws<ManifestSyntaxException>(() => Documents(yaml));

    [Theory]
    [InlineData("1.2.3.4", "\"1.2.3.4\"")]
    [InlineData("10.96", "10.96")]
    [InlineData("80", "80")]
    [InlineData("\"80\"", "\"80\"")]
    [InlineData("'80'", "\"80\"")]
    [InlineData("-7", "-7")]
    [InlineData("+7", "7")]
    [InlineData("0", "0")]
    [InlineData("0120", "80")]
    [InlineData("0o120", "80")]
    [InlineData("0x50", "80")]
    [InlineData("0b101", "5")]
    [InlineData("089", "89")]
    [InlineData("1_000", "1000")]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("1e3", "1000")]
    [InlineData("80.0", "80")]
    [InlineData(".5", "0.5")]
    [InlineData("1:30", "\"1:30\"")]
    [InlineData("2026-01-01", "\"2026-01-01\"")]
    [InlineData("true", "true")]
    [InlineData("True", "true")]
    [InlineData("tRUE", "\"tRUE\"")]
    [InlineData("yes", "true")]
    [InlineData("On", "true")]
    [InlineData("off", "false")]
    [InlineData("n", "false")]
    [InlineData("'yes'", "\"yes\"")]
    [InlineData("null", "null")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("''", "\"\"")]
    [InlineData("None", "\"None\"")]
    [InlineData("fd00::1", "\"fd00::1\"")]
    [InlineData("-", "[null]")]
    [InlineData("- -", "[[null]]")]
    [InlineData(".", "\".\"")]
    [InlineData("1e", "\"1e\"")]
    [InlineData("0x", "\"0x\"")]
    [InlineData("1,000", "\"1,000\"")]
    [InlineData("!!str 80", "\"80\"")]
    [InlineData("!!int '80'", "80")]
    [InlineData("!!float 80", "80")]
    [InlineData("!!bool 'yes'", "true")]
    [InlineData("! 80", "\"80\"")]
    [InlineData("!!binary aGk=", "\"hi\"")]
    [InlineData("!mine 80", "\"80\"")]
    [InlineData("|\n  a\n  b\n", "\"a\\nb\\n\"")]
    [InlineData(">-\n  a\n  b\n", "\"a b\"")]
    [InlineData("\"\\u00e9\\t\"", "\"é\\t\"")]
    public void A_scalar_means_what_it_means_to_Kubernetes(string yaml, string json)
    {
        using var wanted = JsonDocument.Parse($"{{\"v\":{json}}}");
        using var read = JsonDocument.Parse(
            Json($"v: {(yaml.StartsWith("- ", StringComparison.Ordinal) || yaml == "-" ? "\n" : "")}{yaml}"));
        Assert.True(JsonElement.DeepEquals(wanted.RootElement, read.RootElement), read.RootElement.ToString());
    }

    [Fact]
    public void Keys_become_strings()
        => Assert.Equal("""{"80":1,"true":2,"a":3,"0.5":4,"y ":5}""", Json("80: 1\non: 2\na: 3\n0.5: 4\n'y ': 5"));

    [Fact]
    public void Documents_are_separated_and_comments_are_none()
        => Assert.Equal(["""{"a":1}""", "null", """{"b":2}"""], Documents("# first\n---\na: 1 # one\n---\n# nothing\n---\nb: 2\n...\n"));

    [Fact]
    public void JSON_is_YAML()
        => Assert.Equal("""{"a":[1,{"b":"c"}],"d":null}""", Json("""{"a": [1, {"b": "c"}], "d": null}"""));

    [Fact]
    public void Aliases_are_put_in_place()
        => Assert.Equal("""{"a":{"x":[1,2]},"b":{"x":[1,2]},"c":[1,2]}""", Json("a: &a\n  x: &x [1, 2]\nb: *a\nc: *x"));

    [Fact]
    public void Anchors_end_with_their_document()
        => Assert.Contains("there is no anchor 'a'", Refused("a: &a 1\n---\nb: *a").Message);

    [Fact]
    public void Merged_keys_give_way_to_the_map_itself_and_to_earlier_ones()
    {
        using var document = JsonDocument.Parse(Json("a: &a {p: 1, q: 2}\nb: &b {q: 4, r: 5}\nz: {<<: [*a, *b], p: 0}"));
        using var wanted = JsonDocument.Parse("""{"p":0,"q":2,"r":5}""");
        Assert.True(JsonElement.DeepEquals(wanted.RootElement, document.RootElement.GetProperty("z")), document.RootElement.ToString());
    }

    [Theory]
    [InlineData("a: 1\nb: 2\na: 3", 3, 1, "key \"a\" is there twice")]
    [InlineData("m:\n  a: 1\n  \"a\": 3", 3, 3, "key \"a\" is there twice")]
    [InlineData("on: 1\ntrue: 2", 2, 1, "key \"true\" is there twice")]
    [InlineData("? [a]\n: 1", 1, 3, "a key must be plain text")]
    [InlineData("~: 1", 1, 1, "a key is empty")]
    [InlineData("a: .inf", 1, 4, ".inf has no form in JSON")]
    [InlineData("a: .NaN", 1, 4, ".NaN has no form in JSON")]
    [InlineData("a: !!int x", 1, 4, "'x' is no int")]
    [InlineData("a: !!binary '*'", 1, 4, "!!binary is not base64")]
    [InlineData("a: *x", 1, 4, "there is no anchor 'x'")]
    [InlineData("a: &a\n  b: *a", 2, 6, "anchor 'a' contains itself")]
    [InlineData("<<: 1", 1, 5, "\"<<\" merges a map or a list of maps")]
    public void What_has_no_meaning_is_refused_with_its_place(string yaml, int line, int column, string reason)
    {
        var refused = Refused(yaml);
        Assert.Contains(reason, refused.Message);
        Assert.Equal(new TextPosition(line, column), refused.Position);
    }

    [Theory]
    [InlineData("a: [1, 2\nb: 3", 1)]
    [InlineData("a: [1, 2\n", 2)]
    [InlineData("a: 1\n  b: 2", 2)]
    [InlineData("a: 'x", 1)]
    [InlineData("a: \"\\q\"", 1)]
    [InlineData("- a\nb: 1", 2)]
    [InlineData("a: b: c", 1)]
    [InlineData("a: @x", 1)]
    [InlineData("%YAML 9.9\n---\na: 1", 1)]
    public void Broken_text_is_refused_with_its_line(string yaml, int line)
    {
        var refused = Refused(yaml);
        Assert.StartsWith("not valid YAML", refused.Message);
        Assert.Equal(line, refused.Position.Line);
    }

    [Theory]
    [InlineData("a:\n\tb: 1", 2, 1)]
    [InlineData("spec:\n  ports:\n  - port: 80\n  \t- port: 81\n", 4, 3)]
    public void A_tab_in_the_indentation_is_named_with_its_place(string yaml, int line, int column)
    {
        var refused = Refused(yaml);
        Assert.Equal("a tab in the indentation; use spaces", refused.Message);
        Assert.Equal(new TextPosition(line, column), refused.Position);
    }

    [Fact]
    public void A_few_aliases_cannot_unfold_into_gigabytes()
    {
        var yaml = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++) yaml.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        Assert.Contains("unfold to too much", Refused(yaml.ToString()).Message);
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Nesting_has_a_bound(char open)
    {
        var refused = Refused("a: " + string.Concat(Enumerable.Repeat(open == '[' ? "[" : "{a: ", 100)));
        Assert.Contains("nested deeper than", refused.Message);
    }

    [Fact]
    public void Positions_of_a_lists_items_are_kept()
    {
        var reader = new YamlToJson("apiVersion: v1\nitems:\n- a: 1\n-\n  a: 2\nkind: List".AsMemory());
        Assert.True(reader.Read());
        Assert.Equal([new TextPosition(3, 3), new TextPosition(5, 3)], reader.ItemStarts);
        Assert.Equal(new TextPosition(1, 1), reader.Start);
    }
}
