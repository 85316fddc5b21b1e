using System.Net;
using EbpfLb.Http.Tests.Serving;

namespace EbpfLb.Http.Tests.Metrics;

public sealed class MetricsEndpointsTests : IDisposable
{
    private readonly AllMetrics metrics = new();

    public void Dispose() => metrics.Dispose();

    [Fact]
    public async Task Metrics_come_with_the_content_type_that_Prometheus_asks_for()
    {
        metrics.RecordOneOfEach();
        await using var server = await ServedEndpoints.MetricsAsync(metrics);
        using var response = await server.Client.GetAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Contains("ebpflb_plan_operations_total 17\n", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_plain_answers_are_those_of_kube_proxy()
    {
        await using var server = await ServedEndpoints.MetricsAsync(metrics);
        Assert.Equal((HttpStatusCode.OK, "ok"), await server.GetAsync("/healthz"));
        Assert.Equal((HttpStatusCode.OK, "ebpf"), await server.GetAsync("/proxyMode"));
        Assert.Equal(HttpStatusCode.NotFound, (await server.GetAsync("/")).Status);
    }
}
