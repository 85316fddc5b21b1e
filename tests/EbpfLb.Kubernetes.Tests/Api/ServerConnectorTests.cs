using System.Net;
using System.Net.Sockets;
using EbpfLb.Kubernetes.Api;

namespace EbpfLb.Kubernetes.Tests.Api;

public sealed class ServerConnectorTests
{
    private static readonly DnsEndPoint Server = new("api.cluster.test", 6443);

    [Fact]
    public async Task Name_servers_that_stay_silent_are_told_from_a_server_that_does()
    {
        using var timeIsOver = new CancellationTokenSource();
        var connecting = ServerConnector.ConnectAsync(Server, Silence, timeIsOver.Token).AsTask();

        await timeIsOver.CancelAsync();

        var error = await Assert.ThrowsAsync<UnresolvedNameException>(() => connecting);
        // As the HTTP handler hands it on when the time for a connection is over.
        var handedOn = new TaskCanceledException("timeout", new TimeoutException("timeout", new OperationCanceledException("timeout", error)));
        var explained = ApiExplainer.FromTransport(ApiCall.List(ApiResources.Services, ApiSelector.All, 500, null), new Uri("https://api.cluster.test:6443"), handedOn);
        Assert.Equal(ApiFailure.Unreachable, explained.Failure);
        Assert.Contains("the name api.cluster.test does not resolve; check the name and this machine's DNS", explained.Message);
    }

    [Fact]
    public async Task The_next_address_of_a_name_is_tried()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        IPAddress[] addresses = [IPAddress.Parse("127.0.0.2"), IPAddress.Loopback];

        await using var stream = await ServerConnector.ConnectAsync(
            new DnsEndPoint("api.cluster.test", port), (_, _) => Task.FromResult(addresses), TestContext.Current.CancellationToken);

        using var accepted = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)accepted.LocalEndPoint!).Address);
    }

    private static async Task<IPAddress[]> Silence(string host, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        return [];
    }
}
