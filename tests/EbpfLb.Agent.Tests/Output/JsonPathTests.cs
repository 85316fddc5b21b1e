using System.Text.Json;
using EbpfLb.Agent.Output.JsonPaths;

namespace EbpfLb.Agent.Tests.Output;

/// <summary>Templates of `-o jsonpath=`: what kubectl prints for the same ones.</summary>
public sealed class JsonPathTests
{
    private const string Json = """
        {"origin":"agent","n":1.5,"none":null,"yes":true,"services":[
          {"service":"default/web","port":"http","id":1,"frontends":[{"address":"10.96.0.1","backends":2},{"address":"fd00::1","backends":0}]},
          {"service":"kube-system/dns","port":"","id":2,"frontends":[{"address":"10.96.0.10","backends":3}],"noBackends":"none is ready"},
          {"service":"shop/a+b","port":"x","id":10,"frontends":[]}
        ],"annotations":{"ebpflb.io/scheduler":"maglev"}}
        """;

    [Theory]
    [InlineData("{.origin}", "agent")]
    [InlineData("{$.origin}", "agent")]
    [InlineData("{@.origin}", "agent")]
    [InlineData("{['origin']}", "agent")]
    [InlineData("{ .n }/{.none}/{.yes}", "1.5/null/true")]
    [InlineData("{.nosuch}{.services[7].id}{.origin.x}{.services.id}", "")]
    [InlineData("{.services[*].service}", "default/web kube-system/dns shop/a+b")]
    [InlineData("{.services[0].frontends[*].address}", "10.96.0.1 fd00::1")]
    [InlineData("{.services[*].frontends[0].backends}", "2 3")]
    [InlineData("{.services[-1].service} {.services[-4].service}", "shop/a+b ")]
    [InlineData("{.services[1:].id}", "2 10")]
    [InlineData("{.services[:-1].id}", "1 2")]
    [InlineData("{.services[0:2].id}", "1 2")]
    [InlineData("{.services[5:2].id}{.services[-99:99].id}", "1 2 10")]
    [InlineData("{.services[0].frontends[1]}", """{"address":"fd00::1","backends":0}""")]
    [InlineData("{.services[2]}", """{"service":"shop/a+b","port":"x","id":10,"frontends":[]}""")]
    [InlineData("{.annotations.ebpflb\\.io/scheduler}", "maglev")]
    [InlineData("{.annotations['ebpflb.io/scheduler']}", "maglev")]
    [InlineData("{.annotations.*}", "maglev")]
    [InlineData("{.services[?(@.id==2)].service}", "kube-system/dns")]
    [InlineData("{.services[?(@.id>=2)].service}", "kube-system/dns shop/a+b")]
    [InlineData("{.services[?(@.id < 2)].service}", "default/web")]
    [InlineData("{.services[?(@.service==\"default/web\")].id}", "1")]
    [InlineData("{.services[?(@.service=='default/web')].id}", "1")]
    [InlineData("{.services[?(@.service!=\"default/web\")].id}", "2 10")]
    [InlineData("{.services[?(@.noBackends)].id}", "2")]
    [InlineData("{.services[?(@.frontends[*].backends==0)].service}", "default/web")]
    [InlineData("{.services[?(@.frontends[?(@.backends>2)].address)].id}", "2")]
    [InlineData("{.services[?(@.port==$.services[0].port)].id}", "1")]
    [InlineData("{.services[?(@.id==\"2\")].id}", "")]
    [InlineData("{range .services[*]}{.service}{\"\\t\"}{.id}{\"\\n\"}{end}", "default/web\t1\nkube-system/dns\t2\nshop/a+b\t10\n")]
    [InlineData("{range .services[*]}{range .frontends[*]}{.address}={$.origin};{end}|{end}",
        "10.96.0.1=agent;fd00::1=agent;|10.96.0.10=agent;||")]
    [InlineData("{range .services[*].id}{@},{end}", "1,2,10,")]
    [InlineData("{range .services[*].id}{.},{end}", "1,2,10,")]
    [InlineData("{\"a\\\\b\\\"c\\n\"}{'d}e'}", "a\\b\"c\nd}e")]
    [InlineData("text } {.origin}", "text } agent")]
    public void A_template_prints(string template, string expected) => Assert.Equal(expected, Print(template));

    [Theory]
    [InlineData(".services",
        "nothing of '.services' is in braces, so it would be printed as it is; write a path as {.services[*].service}")]
    [InlineData("", "nothing of '' is in braces")]
    [InlineData("{", "column 2 of '{': a path such as .services[*].service, or text in quotes, is missing at the end")]
    [InlineData("{}", "column 2 of '{}': '}' where a path such as")]
    [InlineData("{services}", "column 2 of '{services}': 's' where a path such as")]
    [InlineData("{.a", "column 4 of '{.a': '}' is missing at the end")]
    [InlineData("{.a .b}", "column 5 of '{.a .b}': '.' where '}' should be")]
    [InlineData("{.a[}", "column 5 of '{.a[}': '}' where a number, *, a name in quotes or ?(...) should be")]
    [InlineData("{.a[1}", "column 6 of '{.a[1}': '}' where ']' should be")]
    [InlineData("{.a[99999999999]}", "column 5 of '{.a[99999999999]}': '99999999999' is not a place in a list")]
    [InlineData("{.a[-]}", "column 5 of '{.a[-]}': '-' is not a place in a list")]
    [InlineData("{.a['b','c']}", "column 8 of '{.a['b','c']}': several in one pair of brackets are not known here")]
    [InlineData("{..a}", "column 2 of '{..a}': '..' (fields at any depth) is not known here")]
    [InlineData("{.a.}x{.}", null)]
    [InlineData("{\"a}", "column 2 of '{\"a}': the text that begins here has no closing \"")]
    [InlineData("{\"\\q\"}", "column 4 of '{\"\\q\"}': 'q' where n, t, r, a quote or \\ after \\ should be")]
    [InlineData("{range .a}x", "column 1 of '{range .a}x': this {range} has no {end}")]
    [InlineData("a{end}", "column 2 of 'a{end}': {end} without a {range} before it")]
    [InlineData("{.a[?(@.b=c)]}", "column 10 of '{.a[?(@.b=c)]}': '=' where a comparison (==, !=, <, <=, >, >=) or ')' should be")]
    [InlineData("{.a[?(@.b==c)]}",
        "column 12 of '{.a[?(@.b==c)]}': 'c' is neither a path such as @.kind nor a number; put text into quotes")]
    [InlineData("{.a[?(@.b==)]}", "column 12 of '{.a[?(@.b==)]}': a path such as @.kind, or a value, is missing here")]
    [InlineData("{.a[?(@.b==1]}", "column 13 of '{.a[?(@.b==1]}': ']' where ')' should be")]
    public void What_is_none_is_told_with_the_column(string template, string? message)
    {
        if (message is null) JsonPath.Parse(template);
        else Assert.StartsWith(message, Assert.Throws<FormatException>(() => JsonPath.Parse(template)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void However_deep_it_goes_it_is_refused_and_not_the_end_of_the_process()
    {
        var filters = "{.a" + string.Concat(Enumerable.Repeat("[?(@.a", 100_000)) + "}";
        Assert.Contains("filters within filters go 16 deep", Assert.Throws<FormatException>(() => JsonPath.Parse(filters)).Message);
        var ranges = string.Concat(Enumerable.Repeat("{range .a}", 100_000));
        Assert.Contains("ranges within ranges go 16 deep", Assert.Throws<FormatException>(() => JsonPath.Parse(ranges)).Message);
    }

    [Fact]
    public void A_damaged_template_prints_something_or_is_refused_with_a_message()
    {
        const string Signs = "{}[]()?@$.*:,\\\"'=!<>- \n01a";
        string[] seeds =
        [
            "{range .services[*]}{.service}{\"\\t\"}{range .frontends[?(@.backends>0)]}{.address}{end}{\"\\n\"}{end}",
            "{.services[?(@.service==\"default/web\")].frontends[0:2]['address']} {$.n}",
        ];
        var random = new Random(7);
        using var document = JsonDocument.Parse(Json);
        var accepted = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var text = seeds[i % seeds.Length].ToList();
            for (var change = random.Next(1, 6); change > 0 && text.Count > 0; change--)
            {
                var at = random.Next(text.Count);
                if (random.Next(3) == 0) text.RemoveAt(at);
                else if (random.Next(2) == 0) text.Insert(at, Signs[random.Next(Signs.Length)]);
                else text[at] = Signs[random.Next(Signs.Length)];
            }
            try
            {
                JsonPath.Parse(new string([.. text])).Write(document.RootElement, TextWriter.Null);
                accepted++;
            }
            catch (FormatException)
            {
                // As it should be.
            }
        }
        Assert.InRange(accepted, 1, 49_999);
    }

    private static string Print(string template)
    {
        using var document = JsonDocument.Parse(Json);
        using var output = new StringWriter();
        JsonPath.Parse(template).Write(document.RootElement, output);
        return output.ToString();
    }
}
