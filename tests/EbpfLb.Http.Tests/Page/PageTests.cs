using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using EbpfLb.Http.Metrics;
using EbpfLb.Http.Page;
using EbpfLb.Testing.Time;

namespace EbpfLb.Http.Tests.Page;

public sealed partial class PageTests
{
    /// <summary>It ends an attribute, an element and a script, begins others, and turns the writing round.</summary>
    private const string Hostile = "\"'`></td></style></script><script>alert(1)</script><img src=x onerror=alert(2)>&lt;\u202E\u0007";

    private static readonly string[] Views =
    [
        "", "?view=services", "?view=service&name=a/b", "?view=service&name=a/b&flows=1", "?view=drops", "?view=events",
        "?view=attachments", "?view=health", "?view=explain", "?view=explain&from=10.0.0.1&to=10.0.0.2&port=80",
        "?view=explain&from=1&to=2&port=bad",
    ];

    public static TheoryData<string> Queries => [.. Views];

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Names_of_the_cluster_are_text_whatever_they_hold(string query)
    {
        await using var page = await ServedPage.StartAsync(new FixedPage(Hostile));
        var (status, body) = await page.GetAsync(query);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.DoesNotContain("<img", body, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", body, StringComparison.Ordinal);
        Assert.DoesNotContain(Hostile[..3], body, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', body);
        Assert.DoesNotContain('\u0007', body);
        Assert.Contains("&quot;&#39;&#96;&gt;&lt;/td&gt;", body, StringComparison.Ordinal);
        AssertWellFormed(body);
    }

    [Theory]
    [InlineData(0, true, "<span class=\"ok\">✓ nothing differs</span>")]
    [InlineData(0, false, "<span class=\"warn\">! nothing of that differs, but not all could be compared</span>")]
    [InlineData(2, false, "<span class=\"bad\">✗ 2 differ, 1 repaired</span>, not all could be compared")]
    public async Task That_nothing_differs_is_said_only_where_all_could_be_compared(int differences, bool isComplete, string expected)
    {
        await using var page = await ServedPage.StartAsync(
            new FixedPage("t") { Verify = new PageVerify(default, 100, differences, 1, isComplete) });
        Assert.Contains(expected, (await page.GetAsync("?view=health")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_drops_are_not_reported_it_says_why_and_not_that_there_are_none()
    {
        await using var page = await ServedPage.StartAsync(new FixedPage("t") { DropProblem = "the <ring>" });
        var body = (await page.GetAsync("?view=drops")).Body;
        Assert.Contains("Not known: drops are not reported: the &lt;ring&gt;", body, StringComparison.Ordinal);
        Assert.DoesNotContain("None since the agent started", body, StringComparison.Ordinal);
        AssertWellFormed(body);
    }

    [Theory]
    [InlineData("?view=services")]
    [InlineData("?view=service&name=a/missing")]
    public async Task Without_a_table_a_list_is_not_empty_but_not_known(string query)
    {
        await using var page = await ServedPage.StartAsync(new FixedPage("t") { IsKnown = false, Lines = 0 });
        var body = (await page.GetAsync(query)).Body;
        Assert.Contains("The Services are not known yet", body, StringComparison.Ordinal);
        Assert.DoesNotContain("No Service", body, StringComparison.Ordinal);
        AssertWellFormed(body);
    }

    [Theory]
    [InlineData("?view=")]
    [InlineData("?view=99")]
    [InlineData("?view=services&view=drops&q=a&q=b")]
    [InlineData("?view=services&first=-1&order=%00")]
    [InlineData("?view=services&first=999999999999999999999")]
    [InlineData("?view=services&first=2147483647")]
    [InlineData("?view=service")]
    [InlineData("?view=service&name=/")]
    [InlineData("?view=service&name=a/missing")]
    [InlineData("?view=explain&from=%FF%FE&to=%ED%A0%80&port=%")]
    [InlineData("?%3Cscript%3E=%3Cscript%3E&&&==")]
    public async Task Any_query_is_answered(string query)
    {
        await using var page = await ServedPage.StartAsync(new FixedPage("t"));
        var (status, body) = await page.GetAsync(query);
        Assert.True(status is HttpStatusCode.OK or HttpStatusCode.NotFound, $"{status}");
        AssertWellFormed(body);
    }

    [Theory]
    [InlineData("?view=services&q=")]
    [InlineData("?view=service&name=a/missing")]
    [InlineData("?view=service&name=")]
    [InlineData("?view=explain&from=")]
    [InlineData("?view=explain&to=")]
    [InlineData("?view=explain&port=")]
    public async Task A_hostile_query_comes_back_as_text(string query)
    {
        await using var page = await ServedPage.StartAsync(new FixedPage("t"));
        var (_, body) = await page.GetAsync(query + Uri.EscapeDataString(Hostile));
        Assert.DoesNotContain("<img", body, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", body, StringComparison.Ordinal);
        AssertWellFormed(body);
    }

    [Fact]
    public async Task A_browser_takes_no_script_and_no_style_but_those_of_the_page()
    {
        await using var page = await ServedPage.StartAsync(new FixedPage("t"));
        foreach (var query in Views)
        {
            using var response = await page.SendAsync(query);
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            foreach (Match part in Embedded().Matches(body))
            {
                var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(part.Groups["text"].Value)));
                Assert.Contains($"{part.Groups["kind"].Value}-src 'sha256-{hash}'", policy, StringComparison.Ordinal);
            }
            Assert.DoesNotMatch("""(?i)\sstyle=|\son[a-z]+=|https?://|javascript:""", body);
            Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType?.ToString());
            Assert.Equal(
                ("nosniff", "DENY", "no-referrer", "no-store"),
                (response.Headers.GetValues("X-Content-Type-Options").Single(), response.Headers.GetValues("X-Frame-Options").Single(),
                    response.Headers.GetValues("Referrer-Policy").Single(), response.Headers.CacheControl?.ToString()));
        }
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.1:10249", true)]
    [InlineData("192.0.2.7:8080", true)]
    [InlineData("[::1]:10249", true)]
    [InlineData("[2001:db8::1]", true)]
    [InlineData("localhost:10249", true)]
    [InlineData("LocalHost.", true)]
    [InlineData("node-1:10249", true)]
    [InlineData("NODE-1", true)]
    [InlineData("page.example:443", true)]
    [InlineData("evil.example", false)]
    [InlineData("evil.example:10249", false)]
    [InlineData("node-1.evil.example", false)]
    [InlineData("xnode-1", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    public async Task Another_name_that_leads_here_is_not_answered(string host, bool isAnswered)
    {
        await using var page = await ServedPage.StartAsync(new FixedPage("secret") { HostNames = ["node-1", "page.example"] });

        var (status, body) = await page.GetAsync("?view=services", host);

        Assert.Equal(isAnswered ? HttpStatusCode.OK : HttpStatusCode.Forbidden, status);
        Assert.Equal(isAnswered, body.Contains("secret", StringComparison.Ordinal));
        if (!isAnswered) Assert.Contains("add the name to statusPageHosts", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_is_only_read()
    {
        await using var page = await ServedPage.StartAsync(new FixedPage("t"));
        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Patch, HttpMethod.Options })
        {
            using var refused = await page.SendAsync("", method);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, refused.StatusCode);
        }
        using var head = await page.SendAsync("", HttpMethod.Head);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.True(head.Content.Headers.ContentLength > 1000);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_summary_has_no_name_of_the_cluster_and_no_view_beside_it()
    {
        // The names of instance, node and version are in /statusz.
        var fixedPage = new FixedPage("secret") { Content = PageContent.Summary };
        await using var page = await ServedPage.StartAsync(fixedPage);
        foreach (var query in new[] { "", "?view=drops", "?view=health" })
        {
            var (status, body) = await page.GetAsync(query);
            Assert.Equal(HttpStatusCode.OK, status);
            var main = body[body.IndexOf("<main>", StringComparison.Ordinal)..body.IndexOf("</main>", StringComparison.Ordinal)];
            Assert.DoesNotContain("secret", main, StringComparison.Ordinal);
        }
        foreach (var query in Views.Where(v => v.Length > 0 && v is not ("?view=drops" or "?view=health")))
        {
            var (status, body) = await page.GetAsync(query);
            Assert.Equal(HttpStatusCode.Forbidden, status);
            Assert.Contains("statusPage", body, StringComparison.Ordinal);
        }
        Assert.Equal((0, null), (fixedPage.Searches.Count, fixedPage.Asked));

        fixedPage.Content = PageContent.Off;
        Assert.Equal(HttpStatusCode.NotFound, (await page.GetAsync("")).Status);
    }

    [Fact]
    public async Task A_list_of_ten_thousand_is_asked_for_a_page_at_a_time()
    {
        var fixedPage = new FixedPage("name-of-usual-length") { Lines = 10_000 };
        fixedPage.Line = fixedPage.Line with { History = [.. Enumerable.Range(0, 60).Select(i => (float)(i * 37 % 60))] };
        await using var page = await ServedPage.StartAsync(fixedPage);
        var (_, body) = await page.GetAsync("?view=services&q=na&order=drops&first=100");
        Assert.Equal(new ServiceSearch("na", ServiceOrder.Drops, 100, 50), fixedPage.Searches[0]);
        Assert.InRange(Encoding.UTF8.GetByteCount(body), 10_000, 100_000);
        Assert.Contains("href=\"?view=services&amp;q=na&amp;order=drops&amp;first=50\"", body, StringComparison.Ordinal);
        Assert.Contains("href=\"?view=services&amp;q=na&amp;order=drops&amp;first=150\"", body, StringComparison.Ordinal);
        Assert.Contains("101 to 150 of 10,000.", body, StringComparison.Ordinal);
        // A Service's own tables have an end too.
        Assert.InRange(Encoding.UTF8.GetByteCount((await page.GetAsync("?view=service&name=a/b")).Body), 10_000, 100_000);
    }

    [Fact]
    public async Task What_is_not_known_is_a_dash_and_no_zero()
    {
        await using var page = await ServedPage.StartAsync(new FixedPage("t") { Line = new ServiceLine("a/b", null, [], null, null) });
        var (_, body) = await page.GetAsync("?view=services");
        var cells = Cell().Matches(body).Select(m => Tag().Replace(m.Groups["text"].Value, "")).ToList();
        Assert.Equal(7, cells.Count);
        Assert.All(cells, cell => Assert.Equal("-", cell));
    }

    [Fact]
    public async Task Packets_and_bytes_are_shown_where_they_are_counted_and_else_it_is_said_that_they_are_not()
    {
        const string NotCounted = "Packets and bytes are not counted: the agent runs without <code>--traffic-counts</code>.";
        var shown = new FixedPage("t");
        await using var page = await ServedPage.StartAsync(shown);
        foreach (var query in (string[])["?view=services", "?view=service&name=a/b"])
        {
            var (_, without) = await page.GetAsync(query);
            Assert.Contains(NotCounted, without, StringComparison.Ordinal);
            Assert.DoesNotContain("ytes in<", without, StringComparison.Ordinal);
            Assert.DoesNotContain("Bytes/s", without, StringComparison.Ordinal);
        }

        shown.Traffic = new TrafficReading(1_001, 2_002, 3_003, 4_004);
        var (_, list) = await page.GetAsync("?view=services");
        Assert.DoesNotContain(NotCounted, list, StringComparison.Ordinal);
        Assert.Contains("data-label=\"Bytes/s\">-</td>", list, StringComparison.Ordinal);
        shown.Line = shown.Line with
        {
            Traffic = new PageTraffic(new PageDirection(1.5, 1_234, [float.NaN, 1_000, 1_234]), new PageDirection(2.5, 56_789, [])),
        };
        (_, list) = await page.GetAsync("?view=services&order=bytes");
        Assert.Equal(ServiceOrder.Bytes, shown.Searches[^1].Order);
        Assert.Contains("data-label=\"Bytes/s\"><div>1,234 in</div><div>56,789 out</div></td>", list, StringComparison.Ordinal);
        var (_, detail) = await page.GetAsync("?view=service&name=a/b");
        Assert.Contains("<dd>1.5 packets/s, 1,234 bytes/s</dd>", detail, StringComparison.Ordinal);
        Assert.Contains("aria-label=\"at most 1,234 a second in 2 readings\"", detail, StringComparison.Ordinal);
        // Of the backend, and of the service port; another port is not programmed.
        Assert.Equal(3, detail.Split(Cells("1,001", "2,002", "3,003", "4,004")).Length);
        Assert.Contains(Cells("-", "-", "-", "-"), detail, StringComparison.Ordinal);
        AssertWellFormed(detail);

        static string Cells(params string[] texts) => string.Concat(texts.Select(text => $"<td class=\"n\">{text}</td>"));
    }

    [Fact]
    public async Task Who_asks_in_a_loop_is_refused_before_it_costs_more_than_a_share()
    {
        var time = new ManualTimeProvider();
        var cost = TimeSpan.FromSeconds(0.3);
        await using var page = await ServedPage.StartAsync(new FixedPage("t") { Made = () => time.Advance(cost) }, time);
        var made = 0;
        while ((await page.GetAsync("")).Status == HttpStatusCode.OK) made++;
        Assert.InRange(made, 2, 7);

        using var refused = await page.SendAsync("");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.True(refused.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        // Half of a CPU: what took 0.3 s is had again after 0.6 s.
        time.Advance(TimeSpan.FromSeconds(0.6));
        Assert.Equal(HttpStatusCode.OK, (await page.GetAsync("")).Status);
    }

    /// <summary>Every element is closed, headings of tables say what they head, and inputs have labels.</summary>
    private static void AssertWellFormed(string body)
    {
        Assert.StartsWith("<!DOCTYPE html>\n<html lang=\"en\">", body, StringComparison.Ordinal);
        var open = new Stack<string>();
        foreach (Match tag in Tag().Matches(Embedded().Replace(body, "")))
        {
            var name = tag.Groups["name"].Value;
            if (tag.Value[1] == '/') Assert.Equal(open.Pop(), name);
            else if (name is not ("meta" or "link" or "input") && !tag.Value.EndsWith("/>", StringComparison.Ordinal)) open.Push(name);
            if (name == "th" && tag.Value[1] != '/') Assert.Contains(" scope=\"", tag.Value, StringComparison.Ordinal);
        }
        Assert.Empty(open);
        foreach (Match input in Input().Matches(body))
            Assert.Contains($"<label for=\"{input.Groups["id"].Value}\">", body, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(body, "<h1>", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.Single(Regex.Matches(body, "<title>[^<]+</title>", RegexOptions.None, TimeSpan.FromSeconds(1)));
    }

    [GeneratedRegex("<(?<kind>style|script)>(?<text>.*?)</(style|script)>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Embedded();

    [GeneratedRegex("</?(?<name>[a-zA-Z][a-z0-9]*)[^>]*>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Tag();

    [GeneratedRegex("<(input|select) id=\"(?<id>[a-z]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Input();

    [GeneratedRegex("<td role=\"cell\"[^>]*>(?<text>.*?)</td>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Cell();
}
