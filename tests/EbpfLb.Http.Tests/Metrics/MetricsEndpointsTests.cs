using System.Net;
using EbpfLb.Http.Metrics;
using EbpfLb.Http.Tests.Server;
using EbpfLb.Testing;
using EbpfLb.Testing.Time;

namespace EbpfLb.Http.Tests.Metrics;

public sealed class MetricsEndpointsTests : IDisposable
{
    private readonly AllMetrics metrics = new();

    public void Dispose() => metrics.Dispose();

    [Contract("14", "/metrics, /metrics/slis: the formats and types of content")]
    [Fact]
    public async Task Metrics_come_with_the_content_type_that_Prometheus_asks_for()
    {
        metrics.RecordOneOfEach();
        await using var server = await ServedEndpoints.MetricsAsync(metrics);
        using var response = await server.Client.GetAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Contains(
            "ebpflb_plan_operations_total 17\n", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/metrics")]
    [InlineData("/metrics/slis")]
    public async Task A_page_says_how_long_it_is_and_HEAD_answers_without_it(string path)
    {
        using var slis = new SliMetrics(new FixedHealth());
        await using var server = await ServedEndpoints.MetricsAsync(metrics, slis: slis);
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var head = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.True(head.Content.Headers.ContentLength > 100);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        using var get = await server.Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(
            (await get.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length, get.Content.Headers.ContentLength);
        Assert.Null(get.Headers.TransferEncodingChunked);
    }

    [Contract("14", "/healthz, /proxyMode: ok; the mode, which is \"ebpf\"")]
    [Fact]
    public async Task The_plain_answers_are_those_of_kube_proxy()
    {
        await using var server = await ServedEndpoints.MetricsAsync(metrics);
        Assert.Equal((HttpStatusCode.OK, "ok"), await server.GetAsync("/healthz"));
        Assert.Equal((HttpStatusCode.OK, "ebpf"), await server.GetAsync("/proxyMode"));
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync("/")).Status);
    }

    [Contract("14", "/configz, /flagz, /statusz: what is in force, what was given, what runs")]
    [Fact]
    public async Task Configuration_flags_and_status_are_shown()
    {
        await using var server = await ServedEndpoints.MetricsAsync(
            metrics, new DebugPages(() => "{\"a\":1}", () => "v=4\n", () => "Up: 1\n", null));
        using var configz = await server.Client.GetAsync(new Uri("/configz", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("application/json", configz.Content.Headers.ContentType?.ToString());
        Assert.Equal("{\"a\":1}", await configz.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.EndsWith("\nv=4\n", (await server.GetAsync("/flagz")).Body);
        Assert.EndsWith("\nUp: 1\n", (await server.GetAsync("/statusz")).Body);
    }

    [Contract("14", "PUT /debug/flags/v: with enableProfiling only")]
    [Fact]
    public async Task The_verbosity_is_put_only_with_profiling_and_profiles_are_not_there()
    {
        var level = "";
        Func<string, string?> set = text => int.TryParse(text, out _) ? Keep(text) : "not a level";
        await using var without = await ServedEndpoints.MetricsAsync(metrics);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, await PutAsync(without, "4"));
        Assert.DoesNotContain("Go profiles", (await without.GetAsync("/debug/pprof/heap")).Body);

        await using var with = await ServedEndpoints.MetricsAsync(metrics, new DebugPages(() => "{}", () => "", () => "", set));
        Assert.Equal(HttpStatusCode.OK, await PutAsync(with, "4"));
        Assert.Equal("4", level);
        Assert.Equal(HttpStatusCode.BadRequest, await PutAsync(with, "much"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await with.GetAsync("/debug/flags/v")).Status);
        var (status, body) = await with.GetAsync("/debug/pprof/heap");
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("no Go profiles here", body);

        string? Keep(string text)
        {
            level = text;
            return null;
        }
    }

    [Contract("14", "/metrics, /metrics/slis: the formats and types of content")]
    [Fact]
    public async Task Health_checks_are_metrics_of_their_own()
    {
        using var slis = new SliMetrics(new FixedHealth());
        await using var server = await ServedEndpoints.MetricsAsync(metrics, slis: slis);
        await server.GetAsync("/metrics/slis");
        var lines = (await server.GetAsync("/metrics/slis")).Body.Split('\n');
        Assert.Contains("# TYPE kubernetes_healthcheck gauge", lines);
        Assert.Contains("kubernetes_healthcheck{name=\"dataplane\",type=\"livez\"} 1", lines);
        Assert.Contains("kubernetes_healthcheck{name=\"node-eligible\",type=\"healthz\"} 0", lines);
        Assert.Contains("kubernetes_healthchecks_total{name=\"ready\",type=\"readyz\",status=\"error\"} 2", lines);
        Assert.DoesNotContain(lines, l => l.StartsWith("ebpflb", StringComparison.Ordinal));
    }

    /// <summary>Whoever reaches the port may ask as often as he likes; each answer had cost an export of everything.</summary>
    [Theory]
    [InlineData("/metrics")]
    [InlineData("/metrics/slis")]
    public async Task Asked_a_hundred_times_in_a_second_a_page_is_made_twice(string path)
    {
        var exports = 0;
        var health = new FixedHealth { OnReport = () => exports++ };
        metrics.Registry.ObserveGauge("ebpflb_test", "Observed", () => path == "/metrics" ? ++exports : 0);
        using var slis = new SliMetrics(health);
        var time = new ManualTimeProvider();
        await using var server = await ServedEndpoints.MetricsAsync(metrics, slis: slis, time: time);
        List<string> bodies = [];
        for (var i = 0; i < 100; i++)
        {
            var (status, body) = await server.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, status);
            bodies.Add(body);
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        Assert.Equal(2, exports);
        Assert.Equal([1, 99], bodies.CountBy(b => b).Select(b => b.Value));

        // All askers together have one page a second.
        for (var i = 0; i < 100; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await server.GetAsync(path);
        }
        Assert.InRange(exports, 10, 13);
    }

    [Fact]
    public async Task A_page_that_its_asker_did_not_wait_for_is_made_all_the_same()
    {
        var (made, end) = (0, new TaskCompletionSource<ReadOnlyMemory<byte>>());
        var page = new BudgetedPage(
            token =>
            {
                Interlocked.Increment(ref made);
                return end.Task.WaitAsync(token);
            },
            new ManualTimeProvider());
        using var gone = new CancellationTokenSource();
        var first = page.GetAsync(gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        var second = page.GetAsync(CancellationToken.None);
        end.SetResult(new byte[1]);

        Assert.Equal(1, (await second).Length);
        Assert.Equal(1, made);
        for (var i = 0; i < 10; i++) await page.GetAsync(CancellationToken.None);
        Assert.Equal(2, made);
    }

    private static async Task<HttpStatusCode> PutAsync(ServedEndpoints server, string body)
    {
        using var content = new StringContent(body);
        using var answer = await server.Client.PutAsync(
            new Uri("/debug/flags/v", UriKind.Relative), content, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
