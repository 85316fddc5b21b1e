using EbpfLb.Testing;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.RemovedEndpoints;

/// <summary>TCP connections of removed endpoints, with --end-tcp-of-removed-endpoints.</summary>
public sealed class EndTcpTests(EndTcpTests.Ending fixture) : IClassFixture<EndTcpTests.Ending>
{
    private readonly TestNode node = fixture.Value;

    [Contract("12", "UDP only: TCP stays, unless it is asked for")]
    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    [InlineData(Family.Mapped)]
    public void Connections_of_a_removed_endpoint_are_ended_and_those_of_others_are_not(Family family)
    {
        var (removed, kept) = (node.Publish("a"), node.Publish("b"));
        var (gone, stays) = (Connect(node.Probe, removed, family, "a"), Connect(node.Probe, kept, family, "b"));
        using var host = NetProbe.Start(node.Node.Place);
        var ofNode = Connect(host, removed, family, "a");
        var before = node.Agent.EndedTcp();

        node.Manifests.Put(removed.Manifest with { Endpoints = node.Addresses("c") });
        Eventually.True(() => node.Agent.EndedTcp() >= before + 2 && node.Agent.StaleTcp() == 0, () => node.Agent.SocketReport());

        Assert.All([gone, ofNode], socket => Assert.Equal("ECONNABORTED", socket.Request()["errno"]));
        Assert.Equal("b/8080", stays.Request()["name"]);
        Connect(node.Probe, removed, family, "c");
    }

    [Fact]
    public void A_connection_stays_while_its_endpoint_terminates_or_is_not_ready_and_ends_with_it()
    {
        var service = node.Publish("a");
        var socket = Connect(node.Probe, service, Family.IPv4, "a");
        var before = node.Agent.EndedTcp();

        node.Manifests.Put(service.Manifest with { Endpoints = node.Addresses("b"), TerminatingEndpoints = node.Addresses("a") });
        Eventually.True(() => Answers(service, "b") == 10, () => $"new ones to reach b only\n{node.Agent.EndOfLog}");
        Assert.Equal("a/8080", socket.Request()["name"]);
        node.Manifests.Put(service.Manifest with { Endpoints = node.Addresses("b", "c"), UnreadyEndpoints = node.Addresses("a") });
        Eventually.True(() => Answers(service, "c") > 0, () => $"new ones to reach c\n{node.Agent.EndOfLog}");
        Assert.Equal("a/8080", socket.Request()["name"]);
        Assert.Equal(before, node.Agent.EndedTcp());

        node.Manifests.Remove(service.Manifest.Name);
        // Of those that asked b and c some may still be closing.
        Eventually.True(() => node.Agent.EndedTcp() > before && node.Agent.StaleTcp() == 0, () => node.Agent.SocketReport());
        Assert.Equal("ECONNABORTED", socket.Request()["errno"]);
    }

    private static ProbeSocket Connect(NetProbe probe, TestService service, Family family, string served)
    {
        var to = service.Address(family);
        var socket = probe.Open("tcp", to, family == Family.Mapped ? "mapped=1" : "");
        Assert.True(socket.Connect(to).Ok);
        Assert.Equal($"{served}/8080", socket.Request()["name"]);
        return socket;
    }

    /// <summary>How many of ten new connections lead there.</summary>
    private long Answers(TestService service, string backend)
        => node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 10 }).By($"{backend}/8080");

    public sealed class Ending : IDisposable
    {
        public TestNode Value { get; } = new(["--end-tcp-of-removed-endpoints"]);

        public void Dispose() => Value.Dispose();
    }
}
