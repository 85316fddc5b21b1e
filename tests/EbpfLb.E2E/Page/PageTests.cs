using System.Net;
using System.Text.RegularExpressions;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Page;

/// <summary>The status page of a real agent beside real traffic, and in a real browser.</summary>
public sealed partial class PageTests : IDisposable
{
    private static readonly string[] Views =
    [
        "services", "service&name=default/{0}", "service&name=default/{0}&flows=1", "drops", "events", "attachments", "health", "explain",
        "explain&from=192.0.2.77&to={1}&port=80",
    ];

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly TestNode node = new(["--status-page", "full"]);
    private readonly HttpClient http;

    public PageTests() => http = NetnsListener.HttpClient(node.Node.Place.NetnsPath!);

    public void Dispose()
    {
        http.Dispose();
        node.Dispose();
    }

    [Fact]
    public void A_Service_is_shown_with_its_rate_and_an_explanation_is_that_of_the_command()
    {
        var service = node.Publish("a", "b");
        Get("services");
        var load = node.Probe.Start(service.Load(LoadMode.Tcp, Family.IPv4));
        var row = Eventually.Get(() => RowOf(service), HasRate, "a rate of connections", Limit);
        Assert.True(load.Stop().IsClean);
        Assert.Contains(">2/2</td>", row, StringComparison.Ordinal);
        Assert.Contains("80/TCP, 80/UDP", row, StringComparison.Ordinal);
        var page = Get($"service&name=default/{service.Manifest.Name}");
        foreach (var pod in node.Backends.Take(2)) Assert.Contains($"{pod.IPv4}:{TestNode.TargetPort}", page, StringComparison.Ordinal);
        Assert.Contains("the agent runs without <code>--traffic-counts</code>", page, StringComparison.Ordinal);
        Assert.Contains("programmed", Get("events"), StringComparison.Ordinal);
        Assert.Contains("connect4", Get("attachments"), StringComparison.Ordinal);

        var to = service.Manifest.ClusterIPs[0];
        foreach (var from in new[] { "127.0.0.1", $"{node.Client.IPv4}", "192.0.2.77" })
        {
            var (code, said) = node.Agent.Command("explain", "--from", from, "--to", $"{to}:80/TCP");
            Assert.True(code == 0, said);
            Assert.Contains(from == "127.0.0.1" ? "goes to one of 2 backends" : from, said, StringComparison.Ordinal);
            var shown = Explanation().Match(Get($"explain&from={from}&to={to}&port=80&protocol=TCP")).Groups["text"].Value;
            Assert.Equal(said, WebUtility.HtmlDecode(shown));
        }
        Assert.Contains("is not an IP address", Get($"explain&from=nobody&to={to}&port=80"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_browser_shows_every_view_without_errors_and_without_scrolling_sideways()
    {
        var service = node.Publish("a", "b", "c");
        var token = TestContext.Current.CancellationToken;
        using var browser = await Browser.StartAsync(node.Node.Place.NetnsPath!, token);
        List<string> colours = [];
        foreach (var isDark in new[] { false, true })
        {
            foreach (var view in Views)
            {
                var url = Url(string.Format(null, view, service.Manifest.Name, service.Manifest.ClusterIPs[0]));
                await LoadAsync(browser, url, width: 360, isDark, token);
                Assert.Equal("360", await browser.EvaluateAsync("document.documentElement.scrollWidth", token));
                Assert.True(browser.Problems.Count == 0, $"{url}: {string.Join('\n', browser.Problems)}");
                Assert.Equal("1", await browser.EvaluateAsync("document.styleSheets.length", token));
                if (view == Views[0]) colours.Add(await browser.EvaluateAsync("getComputedStyle(document.body).backgroundColor", token));
                if (Environment.GetEnvironmentVariable("EBPFLB_SCREENSHOTS") is not { } folder) continue;
                var name = $"{Array.IndexOf(Views, view)}-{(isDark ? "dark" : "light")}";
                await File.WriteAllBytesAsync(Path.Combine(folder, $"{name}-360.png"), await browser.ScreenshotAsync(token), token);
                await LoadAsync(browser, url, width: 1000, isDark, token);
                await File.WriteAllBytesAsync(Path.Combine(folder, $"{name}-1000.png"), await browser.ScreenshotAsync(token), token);
            }
        }
        Assert.Equal(["rgb(255, 255, 255)", "rgb(13, 17, 23)"], colours);
        // The script of the page runs: it loads the page anew.
        await LoadAsync(browser, Url("health"), width: 360, isDark: false, token);
        await browser.WaitForLoadAsync(token);
        Assert.True(browser.Problems.Count == 0, string.Join('\n', browser.Problems));
    }

    [Fact]
    public async Task The_explain_form_that_is_filled_in_and_sent_shows_what_the_command_says()
    {
        var service = node.Publish("a", "b");
        var token = TestContext.Current.CancellationToken;
        var (from, to) = ($"{node.Client.IPv4}", $"{service.Manifest.ClusterIPs[0]}");
        var (code, said) = node.Agent.Command("explain", "--from", from, "--to", $"{to}:80/UDP");
        Assert.True(code == 0, said);
        using var browser = await Browser.StartAsync(node.Node.Place.NetnsPath!, token);
        await LoadAsync(browser, Url("explain"), width: 360, isDark: false, token);

        // While a field has the focus the page does not load itself anew.
        await browser.EvaluateAsync("document.getElementById('from').focus()", token);
        foreach (var (field, value) in new[] { ("from", from), ("to", to), ("port", "80"), ("protocol", "UDP") })
            await browser.EvaluateAsync($"document.getElementById('{field}').value = '{value}'", token);
        await browser.EvaluateAsync("document.querySelector('form button').click()", token);
        await browser.WaitForLoadAsync(token);

        // On a busy machine the agent may say that it spent enough on pages: then what was sent is loaded again.
        if (await browser.EvaluateAsync("document.contentType", token) != "text/html")
            await LoadAsync(browser, await browser.EvaluateAsync("location.href", token), width: 360, isDark: false, token);
        Assert.Equal(said, await browser.EvaluateAsync("document.getElementById('explanation').textContent", token));
        Assert.Equal("UDP", await browser.EvaluateAsync("document.getElementById('protocol').value", token));
        Assert.True(browser.Problems.Count == 0, string.Join('\n', browser.Problems));
    }

    private static bool HasRate(string row) => Rate().Match(row) is { Success: true } rate && rate.Groups["rate"].Value != "0.0";

    internal static string Url(string view) => $"http://127.0.0.1:{AgentProcess.MetricsPort}/page?view={view}";

    /// <summary>On a busy machine pages take long, and the agent may say that it spent enough on them.</summary>
    private string Get(string view) => Eventually.Get(
        () =>
        {
            using var answer = http.GetAsync(new Uri(Url(view))).GetAwaiter().GetResult();
            return (answer.StatusCode, Body: answer.Content.ReadAsStringAsync().GetAwaiter().GetResult());
        },
        answer => answer.StatusCode == HttpStatusCode.OK, view, Limit).Body;

    /// <summary>As <see cref="Get"/>, in the browser.</summary>
    internal static async Task LoadAsync(Browser browser, string url, int width, bool isDark, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        do await browser.LoadAsync(url, width, isDark, limit.Token);
        while (await browser.EvaluateAsync("document.contentType", limit.Token) != "text/html");
    }

    private string RowOf(TestService service)
        => Get("services").Split("<tr ").FirstOrDefault(row => row.Contains($">default/{service.Manifest.Name}<", StringComparison.Ordinal))
            ?? "";

    [GeneratedRegex("data-label=\"New conn/s\">(?<rate>[0-9.,]+)<", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rate();

    [GeneratedRegex("<pre [^>]*>(?<text>.*?)</pre>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Explanation();
}
