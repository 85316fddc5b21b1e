using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Services;

/// <summary>Every kind of socket, every family: all backends get their share, and the client never sees one.</summary>
public sealed class SpreadTests(TestNode node) : IClassFixture<TestNode>
{
    private const int Requests = 600;

    // The share of a backend is binomial: n = 600, p = 1/3, sigma = 11.5. Six sigma miss once in 500 million runs.
    private const int Slack = 70;

    [Theory]
    [InlineData(LoadMode.Tcp, Family.IPv4)]
    [InlineData(LoadMode.Tcp, Family.IPv6)]
    [InlineData(LoadMode.Tcp, Family.Mapped)]
    [InlineData(LoadMode.UdpConnected, Family.IPv4)]
    [InlineData(LoadMode.UdpConnected, Family.IPv6)]
    [InlineData(LoadMode.UdpConnected, Family.Mapped)]
    [InlineData(LoadMode.Udp, Family.IPv4)]
    [InlineData(LoadMode.Udp, Family.IPv6)]
    [InlineData(LoadMode.Udp, Family.Mapped)]
    public void Requests_spread_evenly_and_the_peer_is_always_the_ClusterIP(LoadMode mode, Family family)
    {
        var service = node.Publish("a", "b", "c");

        var report = node.Probe.Load(service.Load(mode, family) with { Count = Requests });

        Assert.True(report.IsClean, report.Line);
        Assert.Equal(["a/8080", "b/8080", "c/8080"], report.Names.Keys.Order());
        Assert.All(report.Names.Values, count => Assert.InRange(count, Requests / 3 - Slack, Requests / 3 + Slack));
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    [InlineData(Family.Mapped)]
    public void One_unconnected_UDP_socket_stays_with_its_backend(Family family)
    {
        var service = node.Publish("a", "b", "c");

        var report = node.Probe.Load(service.Load(LoadMode.UdpShared, family) with { Count = 50 });

        Assert.True(report.IsClean, report.Line);
        Assert.Equal([50], report.Names.Values);
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Processes_of_the_node_itself_reach_services(Family family)
    {
        var service = node.Publish("a", "b", "c");
        using var probe = NetProbe.Start(node.Node.Place);

        var report = probe.Load(service.Load(LoadMode.Tcp, family) with { Count = 60 });

        Assert.True(report.IsClean, report.Line);
        Assert.Equal(3, report.Names.Count);
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void A_backend_reaches_its_own_service_and_itself_through_it(Family family)
    {
        var service = node.Publish("a", "b", "c");
        using var probe = NetProbe.Start(node.Backends[0].Place);

        var report = probe.Load(service.Load(LoadMode.Tcp, family) with { Count = 100 });

        Assert.True(report.IsClean, report.Line);
        Assert.Equal(3, report.Names.Count);
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void A_socket_bound_to_a_source_address_keeps_it(Family family)
    {
        var service = node.Publish("a");
        var source = family == Family.IPv6 ? $"[{node.Client.IPv6}]:4711" : $"{node.Client.IPv4}:4711";

        var socket = node.Probe.Open("tcp", service.Address(family), $"from={source}");

        Assert.True(socket.Connect(service.Address(family)).Ok);
        Assert.Equal(source, socket.Local);
        Assert.Equal(service.Seen(family), socket.Peer);
        Assert.Equal("a/8080", socket.Request()["name"]);
        socket.Close();
    }

    [Fact]
    public void Endpoints_that_are_not_ready_get_nothing()
    {
        var service = node.NewService("a", "b");
        node.Publish(service with { Manifest = service.Manifest with { UnreadyEndpoints = node.Addresses("c") } });

        var report = node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 100 });

        Assert.True(report.IsClean, report.Line);
        Assert.Equal(["a/8080", "b/8080"], report.Names.Keys.Order());
    }
}
