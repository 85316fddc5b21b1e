using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Page;

/// <summary>Packets and bytes on the status page of an agent with --traffic-counts, while a client outside sends.</summary>
public sealed partial class PageTrafficTests : IDisposable
{
    /// <summary>How far it can be scrolled sideways.</summary>
    private const string Beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

    /// <summary>What a picture shows.</summary>
    private const string Show
        = "[...document.querySelectorAll('h3')].filter(h => h.textContent == 'Backends').map(h => h.scrollIntoView()).length";

    private readonly TestCluster cluster = new(new TestClusterOptions { Extra = ["--traffic-counts", "--status-page", "full"] });
    private readonly HttpClient http;

    public PageTrafficTests() => http = NetnsListener.HttpClient(cluster.First.Netns.Place.NetnsPath!);

    public void Dispose()
    {
        http.Dispose();
        cluster.Dispose();
    }

    [Fact]
    public async Task Packets_and_bytes_are_shown_as_rates_with_their_last_minutes_and_counted_as_the_command_counts_them()
    {
        var token = TestContext.Current.CancellationToken;
        var service = cluster.Publish("a", "c");
        var (services, detail) = ("services&order=bytes", $"service&name=default/{service.Manifest.Name}");
        var to = service.Address(cluster, Way.NodePortOfFirst, Family.IPv4);
        var load = cluster.Probe.Start(new LoadSpec(LoadMode.Tcp, to) { Rate = 60 });

        var row = Eventually.Get(() => RowOf(Get(services), service), HasRates, "rates of bytes in and out");
        using (var browser = await Browser.StartAsync(cluster.First.Netns.Place.NetnsPath!, token))
        {
            foreach (var isDark in new[] { false, true })
            {
                foreach (var (name, view) in new[] { ("services", services), ("service", detail) })
                {
                    foreach (var width in new[] { 360, 1000 })
                    {
                        await PageTests.LoadAsync(browser, PageTests.Url(view), width, isDark, token);
                        Assert.Equal("0", await browser.EvaluateAsync(Beyond, token));
                        Assert.True(browser.Problems.Count == 0, $"{view}: {string.Join('\n', browser.Problems)}");
                        if (Environment.GetEnvironmentVariable("EBPFLB_SCREENSHOTS") is not { } folder) continue;
                        var file = Path.Combine(folder, $"traffic-{name}-{(isDark ? "dark" : "light")}-{width}.png");
                        await browser.EvaluateAsync(Show, token);
                        await File.WriteAllBytesAsync(file, await browser.ScreenshotAsync(token), token);
                    }
                }
            }
        }
        Assert.True(load.Stop().IsClean);

        // The last packets of connections may still be on their way.
        Eventually.True(() => ShownOf(Get(detail), "tcp/TCP", "IPv4").SequenceEqual(CountedOf("services", service, "family", "IPv4")),
            () => $"the page to say what the command says: {row}\n{Get(detail)}");
        var page = Get(detail);
        Assert.Matches("<dt>In, from clients</dt><dd>[0-9.,]+ packets/s, [0-9.,]+ bytes/s</dd>", page);
        Assert.Equal(3, page.Split("<svg class=\"spark large\"").Length - 1);
        foreach (var pod in new[] { "a", "c" })
        {
            var address = $"{cluster.Pod(pod).IPv4}";
            var shown = ShownOf(page, $"{address}:{TestNode.TargetPort}", "tcp/TCP");
            Assert.Equal(CountedOf("backends", service, "address", address), shown);
            Assert.DoesNotContain("0", shown);
        }
        Assert.Equal(["0", "0", "0", "0"], ShownOf(page, "tcp/TCP", "IPv6"));
    }

    private static bool HasRates(string row)
        => Rates().Matches(row) is { Count: 2 } rates && rates.All(rate => rate.Groups["rate"].Value != "0.0");

    private static string RowOf(string page, OutsideService service)
        => page.Split("<tr ").FirstOrDefault(row => row.Contains($">default/{service.Manifest.Name}<", StringComparison.Ordinal)) ?? "";

    /// <summary>The last four cells of the row that begins with these two.</summary>
    private static List<string> ShownOf(string page, string first, string second)
    {
        var row = page.Split("<tr>").Single(r
            => r.StartsWith($"<th scope=\"row\">{first}</th><td>{second}</td>", StringComparison.Ordinal));
        return [.. Cells().Matches(row).Select(cell => cell.Groups["text"].Value).TakeLast(4)];
    }

    /// <summary>Of the TCP port, as `-o json` has it.</summary>
    private List<string> CountedOf(string verb, OutsideService service, string field, string value)
    {
        var traffic = cluster.First.Agent.Json(verb, $"default/{service.Manifest.Name}:tcp").GetProperty(verb).EnumerateArray()
            .Single(row => row.GetProperty("protocol").GetString() == "TCP" && row.GetProperty(field).GetString() == value)
            .GetProperty("traffic");
        return [.. new[] { "packetsIn", "bytesIn", "packetsOut", "bytesOut" }.Select(name
            => traffic.GetProperty(name).GetInt64().ToString("#,0", CultureInfo.InvariantCulture))];
    }

    /// <summary>On a busy machine the agent may say that it spent enough on pages.</summary>
    private string Get(string view) => Eventually.Get(
        () =>
        {
            using var answer = http.GetAsync(new Uri(PageTests.Url(view))).GetAwaiter().GetResult();
            return (answer.StatusCode, Body: answer.Content.ReadAsStringAsync().GetAwaiter().GetResult());
        },
        answer => answer.StatusCode == HttpStatusCode.OK, view).Body;

    [GeneratedRegex("<div>(?<rate>[0-9.,]+) (in|out)</div>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rates();

    [GeneratedRegex("<td class=\"n\">(?<text>[^<]*)</td>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Cells();
}
