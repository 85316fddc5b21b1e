using System.Net;
using EbpfLb.Testing;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Conformance;

/// <summary>What is asked of kube-proxy by HTTP on its node (networking.go).</summary>
public sealed class UrlTests(TestNode node) : IClassFixture<TestNode>
{
    [Contract("10", "/healthz and /livez: 200 and 503; of the two only /healthz asks the node")]
    [Contract("14", "/healthz, /proxyMode: ok; the mode, which is \"ebpf\"")]
    [Theory]
    [InlineData("http://127.0.0.1:10256/healthz", "")]
    [InlineData("http://172.18.0.1:10256/healthz", "")]
    [InlineData("http://127.0.0.1:10256/livez", "")]
    [InlineData("http://127.0.0.1:10249/healthz", "ok")]
    [InlineData("http://127.0.0.1:10249/proxyMode", "")]
    public async Task The_urls_of_kube_proxy_answer(string url, string expected)
    {
        using var http = NetnsListener.HttpClient(node.Node.Place.NetnsPath!);

        using var answer = await http.GetAsync(new Uri(url), TestContext.Current.CancellationToken);

        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.NotEqual("", body);
        if (expected.Length > 0) Assert.Equal(expected, body.Trim());
    }
}
