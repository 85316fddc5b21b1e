using System.Net;
using System.Text.Json;
using EbpfLb.Http.Health;
using EbpfLb.Http.Tests.Metrics;
using EbpfLb.Http.Tests.Server;
using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Time;

namespace EbpfLb.Http.Tests.Health;

public sealed class HealthEndpointsTests : IDisposable
{
    private readonly ManualTimeProvider time = new(new DateTimeOffset(2025, 3, 4, 5, 6, 7, TimeSpan.Zero));
    private readonly AllMetrics metrics = new();
    private readonly StatedHealth health;

    public HealthEndpointsTests() => health = new StatedHealth(time);

    public void Dispose() => metrics.Dispose();

    [Contract("10", "/healthz and /livez: 200 and 503; of the two only /healthz asks the node")]
    [Theory]
    [InlineData(true, true, HttpStatusCode.OK, HttpStatusCode.OK)]
    [InlineData(true, false, HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK)]
    [InlineData(false, true, HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable)]
    [InlineData(false, false, HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable)]
    public async Task Healthz_needs_an_eligible_node_and_livez_does_not(
        bool healthy, bool eligible, HttpStatusCode healthz, HttpStatusCode livez)
    {
        health.Eligible = eligible;
        if (!healthy) health.MakeUnhealthy();
        await using var server = await ServedEndpoints.HealthAsync(health, metrics);
        Assert.Equal(healthz, (await server.GetAsync("/healthz")).Status);
        Assert.Equal(livez, (await server.GetAsync("/livez")).Status);
        Assert.Contains($"kubeproxy_proxy_healthz_total{{code=\"{(int)healthz}\"}} 1", metrics.Lines);
        Assert.Contains($"kubeproxy_proxy_livez_total{{code=\"{(int)livez}\"}} 1", metrics.Lines);
    }

    [Contract("10", "body: lastUpdated, currentTime, nodeEligible, healthy, status of each family")]
    [Fact]
    public async Task The_body_of_healthz_says_when_and_why()
    {
        health.Tracker.RecordSynced(IpFamily.IPv6);
        health.MakeUnhealthy();
        await using var server = await ServedEndpoints.HealthAsync(health, metrics);
        using var json = JsonDocument.Parse((await server.GetAsync("/healthz")).Body);
        var root = json.RootElement;
        Assert.Equal(["lastUpdated", "currentTime", "nodeEligible", "healthy", "status"], root.EnumerateObject().Select(p => p.Name));
        Assert.Equal(new DateTimeOffset(2025, 3, 4, 5, 6, 7, TimeSpan.Zero), root.GetProperty("lastUpdated").GetDateTimeOffset());
        Assert.Equal(time.GetUtcNow(), root.GetProperty("currentTime").GetDateTimeOffset());
        Assert.True(root.GetProperty("nodeEligible").GetBoolean());
        Assert.False(root.GetProperty("healthy").GetBoolean());
        Assert.False(root.GetProperty("status").GetProperty("IPv4").GetProperty("healthy").GetBoolean());
        Assert.True(root.GetProperty("status").GetProperty("IPv6").GetProperty("healthy").GetBoolean());
    }

    [Contract("10", "body: lastUpdated, currentTime, nodeEligible, healthy, status of each family")]
    [Fact]
    public async Task The_body_of_livez_leaves_the_node_out()
    {
        await using var server = await ServedEndpoints.HealthAsync(health, metrics);
        using var json = JsonDocument.Parse((await server.GetAsync("/livez")).Body);
        Assert.Equal(["lastUpdated", "currentTime", "healthy", "status"], json.RootElement.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task Readyz_names_what_is_missing()
    {
        health.Reasons = ["hooks are not attached"];
        await using var server = await ServedEndpoints.HealthAsync(health, metrics);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"ready":false,"reasons":["hooks are not attached"],"missingFeatures":[]}"""),
            await server.GetAsync("/readyz"));
        health.Reasons = [];
        Assert.Equal((HttpStatusCode.OK, """{"ready":true,"reasons":[],"missingFeatures":[]}"""), await server.GetAsync("/readyz"));
    }

    [Fact]
    public async Task Readyz_says_what_the_kernel_lacks_although_the_agent_is_ready()
    {
        health.MissingFeatures = ["iter_udp: found by sock_diag (EPERM)"];
        await using var server = await ServedEndpoints.HealthAsync(health, metrics);
        Assert.Equal((HttpStatusCode.OK, """{"ready":true,"reasons":[],"missingFeatures":["iter_udp: found by sock_diag (EPERM)"]}"""),
            await server.GetAsync("/readyz"));
    }

    [Fact]
    public async Task Other_paths_and_methods_are_refused_with_what_there_is()
    {
        await using var server = await ServedEndpoints.HealthAsync(health, metrics);
        var (status, body) = await server.GetAsync("/nothing");
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("/healthz, /livez", body);
        using var post = await server.Client.PostAsync(new Uri("/healthz", UriKind.Relative), null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
        using var head = await server.Client.SendAsync(
            new HttpRequestMessage(HttpMethod.Head, "/healthz"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
    }

    private sealed class StatedHealth(ManualTimeProvider time) : IProxyHealth
    {
        public ProxyHealthTracker Tracker { get; } = new(time, TimeSpan.FromSeconds(30));

        public bool Eligible { get; set; } = true;

        public IReadOnlyList<string> Reasons { get; set; } = [];

        public IReadOnlyList<string> MissingFeatures { get; set; } = [];

        public void MakeUnhealthy()
        {
            Tracker.RecordQueued(IpFamily.IPv4);
            time.Advance(TimeSpan.FromMinutes(2));
        }

        public HealthReport Report() => Tracker.Report(Eligible);

        public ReadinessReport Readiness() => new(Reasons.Count == 0, Reasons) { MissingFeatures = MissingFeatures };
    }
}
