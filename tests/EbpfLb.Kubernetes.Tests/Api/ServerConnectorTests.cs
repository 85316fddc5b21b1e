using System.Net;
using System.Net.Sockets;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Testing.Time;

namespace EbpfLb.Kubernetes.Tests.Api;

public sealed class ServerConnectorTests
{
    private readonly ManualTimeProvider time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly DnsEndPoint Server = new("api.cluster.test", 6443);

    [Fact]
    public async Task Name_servers_that_stay_silent_are_told_from_a_server_that_does()
    {
        using var timeIsOver = new CancellationTokenSource();
        var connecting = ServerConnector.ConnectAsync(Server, Silence, time, timeIsOver.Token).AsTask();

        await timeIsOver.CancelAsync();

        var error = await Assert.ThrowsAsync<UnresolvedNameException>(() => connecting);
        // As the HTTP handler hands it on when the time for a connection is over.
        var handedOn = new TaskCanceledException(
            "timeout", new TimeoutException("timeout", new OperationCanceledException("timeout", error)));
        var explained = ApiExplainer.FromTransport(
            ApiCall.List(ApiResources.Services, ApiSelector.All, 500, null), new Uri("https://api.cluster.test:6443"), handedOn);
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
            new DnsEndPoint("api.cluster.test", port), (_, _) => Task.FromResult(addresses), time, TestContext.Current.CancellationToken);

        using var accepted = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)accepted.LocalEndPoint!).Address);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.2")]
    [InlineData("::1", "127.0.0.2", "127.0.0.3")]
    [InlineData("127.0.0.1", "::1")]
    public async Task Addresses_that_are_silent_cost_300_ms_and_not_the_whole_time(string answering, params string[] silent)
    {
        using var listener = new TcpListener(IPAddress.Parse(answering), 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var first = new SilentListener(IPAddress.Parse(silent[0]), port);
        using var second = silent.Length > 1 ? new SilentListener(IPAddress.Parse(silent[1]), port) : null;
        // As a resolver sorts them: a family after the other.
        IPAddress[] addresses = [.. silent.Select(IPAddress.Parse), IPAddress.Parse(answering)];

        var connecting = ServerConnector.ConnectAsync(
            new DnsEndPoint("api.cluster.test", port), (_, _) => Task.FromResult(addresses), time, Cancel).AsTask();
        await time.WhenTimerIsDueIn(TimeSpan.FromMilliseconds(300));
        Assert.False(connecting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(300));

        await using var stream = await connecting.WaitAsync(TimeSpan.FromSeconds(120), Cancel);
        using var accepted = await listener.AcceptSocketAsync(Cancel);
        Assert.Equal(IPAddress.Parse(answering), ((IPEndPoint)accepted.LocalEndPoint!).Address);
    }

    [Fact]
    public async Task Of_addresses_that_all_refuse_the_first_is_told_and_nothing_waits()
    {
        IPAddress[] addresses = [IPAddress.Parse("127.0.0.2"), IPAddress.IPv6Loopback, IPAddress.Loopback];
        using var nobody = new Socket(SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));

        var error = await Assert.ThrowsAsync<SocketException>(() => ServerConnector.ConnectAsync(
            new DnsEndPoint("api.cluster.test", ((IPEndPoint)nobody.LocalEndPoint!).Port), (_, _) => Task.FromResult(addresses), time,
            Cancel).AsTask());

        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_name_without_an_address_does_not_resolve(bool throws)
        => await Assert.ThrowsAsync<UnresolvedNameException>(() => ServerConnector.ConnectAsync(
            Server, (_, _) => throws ? throw new ArgumentOutOfRangeException(nameof(throws)) : Task.FromResult<IPAddress[]>([]), time,
            Cancel).AsTask());

    /// <summary>A socket whose queue of connections is full: the kernel drops further SYNs, as a host does that is gone.</summary>
    private sealed class SilentListener : IDisposable
    {
        private readonly Socket listener;
        private readonly List<Socket> waiting = [];

        public SilentListener(IPAddress address, int port)
        {
            var server = new IPEndPoint(address, port);
            listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(server);
            listener.Listen(0);
            for (var i = 0; i < 4; i++)
            {
                waiting.Add(new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = i == 0 });
                try
                {
                    waiting[i].Connect(server);
                }
                catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
                {
                    // Under way, or dropped.
                }
            }
        }

        public void Dispose()
        {
            waiting.ForEach(socket => socket.Dispose());
            listener.Dispose();
        }
    }

    private static async Task<IPAddress[]> Silence(string host, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        return [];
    }
}
