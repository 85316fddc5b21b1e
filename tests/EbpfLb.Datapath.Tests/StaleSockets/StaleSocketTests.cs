using System.Net;
using System.Net.Sockets;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.StaleSockets;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Datapath.Tests.StaleSockets;

[Collection(typeof(OwnCgroup))]
public sealed class StaleSocketTests
{
    public static MatrixTheoryData<SocketWay, string> Kinds
        => new([SocketWay.Iterators, SocketWay.SockDestroy], [StaleLab.Service4, StaleLab.Service6, StaleLab.Mapped]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_connected_UDP_socket_is_ended_when_its_backend_goes(SocketWay way, string address)
    {
        await using var lab = new StaleLab(way);
        lab.Apply(StaleLab.Dns("127.0.0.2", "fd00::2"));
        var socket = lab.Connect(address);
        Assert.Equal(
            StaleSocketReport.Nothing(tcp: false, untranslated: false), lab.Stale.EndSockets(tcp: false, untranslated: false));
        var waiting = Task.Factory.StartNew(() => Record.Exception(() => socket.Receive(new byte[16])), TaskCreationOptions.LongRunning);

        lab.Apply(StaleLab.Dns("127.0.0.3", "fd00::3"));
        var first = lab.Stale.EndSockets(tcp: false, untranslated: false);
        var second = lab.Stale.EndSockets(tcp: false, untranslated: false);

        Assert.Equal(StaleLab.Ended(udp: 1), first);
        Assert.Equal(StaleSocketReport.Nothing(tcp: false, untranslated: false), second);
        var error = Assert.IsType<SocketException>(await waiting);
        Assert.Equal(SocketError.ConnectionAborted, error.SocketErrorCode);
        Assert.Equal(SocketError.DestinationAddressRequired, StaleLab.SendError(socket));
    }

    [Contract("12", "UDP only: TCP stays, unless it is asked for")]
    [Theory]
    [InlineData(SocketWay.Iterators)]
    [InlineData(SocketWay.SockDestroy)]
    [InlineData(SocketWay.SockDiag)]
    public async Task A_TCP_connection_is_ended_when_that_is_asked_for(SocketWay way)
    {
        await using var lab = new StaleLab(way);
        lab.Listen("127.0.0.2", 9953);
        lab.Apply(StaleLab.Dns("127.0.0.2"), keepTcp: true);
        var socket = lab.Connect(StaleLab.Service4, protocol: ProtocolType.Tcp);

        lab.Apply(StaleLab.Dns("127.0.0.2 unready", "127.0.0.3"), keepTcp: true);
        Assert.Equal(
            StaleSocketReport.Nothing(tcp: true, untranslated: false), lab.Stale.EndSockets(tcp: true, untranslated: false));
        lab.Apply(StaleLab.Dns("127.0.0.3"), keepTcp: true);
        Assert.Equal(
            StaleSocketReport.Nothing(tcp: false, untranslated: false), lab.Stale.EndSockets(tcp: false, untranslated: false));

        Assert.Equal(StaleLab.Ended(tcp: 1), lab.Stale.EndSockets(tcp: true, untranslated: false));
        Assert.Equal(SocketError.ConnectionAborted, StaleLab.ReceiveError(socket));
    }

    private static readonly Dictionary<string, Action<ClusterBuilder>> Ends = new()
    {
        ["no endpoint is left"] = StaleLab.Dns(),
        ["the service is deleted"] = _ => { },
        ["the port is removed"] = c => c.Service("dns", [StaleLab.Service4], ["tcp:53"]).Slice("dns-4", "dns", ["tcp:9953"], ["127.0.0.2"]),
        ["its number changes"] = c
            => c.Service("dns", [StaleLab.Service4], ["udp:53/UDP"]).Slice("dns-4", "dns", ["udp:9954/UDP"], ["127.0.0.2"]),
        ["it does not serve any more"] = StaleLab.Dns("127.0.0.2 gone", "127.0.0.3"),
        ["another service has its address"] = c =>
        {
            StaleLab.Dns("127.0.0.3")(c);
            c.Service("other", ["10.96.0.9"], ["udp:53/UDP"]).Slice("o", "other", ["udp:9953/UDP"], ["127.0.0.2"]);
        },
    };

    public static TheoryData<string> EndNames => [.. Ends.Keys];

    [Theory]
    [MemberData(nameof(EndNames))]
    public async Task A_socket_is_ended_whichever_way_its_backend_goes(string way)
    {
        await using var lab = new StaleLab();
        lab.Apply(StaleLab.Dns("127.0.0.2"));
        var socket = lab.Connect(StaleLab.Service4);

        lab.Apply(Ends[way]);

        Assert.True(lab.Stale.EndSockets(tcp: false, untranslated: false).Udp.Ended == 1, way);
        Assert.Equal(SocketError.ConnectionAborted, StaleLab.ReceiveError(socket));
        Assert.Equal(SocketError.DestinationAddressRequired, StaleLab.SendError(socket));
    }

    private static readonly Dictionary<string, Action<ClusterBuilder>> Stays = new()
    {
        ["it serves while it terminates"] = StaleLab.Dns("127.0.0.2 terminating", "127.0.0.3"),
        ["it serves but is not ready"] = StaleLab.Dns("127.0.0.2 serving", "127.0.0.3"),
        ["hints lead elsewhere"] = c => { c.Node("n1", "a"); StaleLab.Dns("127.0.0.2 zones=b", "127.0.0.3 zones=a")(c); },
        ["others come"] = StaleLab.Dns("127.0.0.2", "127.0.0.3", "127.0.0.4"),
    };

    public static TheoryData<string> StayNames => [.. Stays.Keys];

    [Contract("12", "serving endpoints keep theirs: also terminating ones")]
    [Theory]
    [MemberData(nameof(StayNames))]
    public async Task A_socket_stays_with_a_backend_that_still_serves(string way)
    {
        await using var lab = new StaleLab();
        lab.Apply(StaleLab.Dns("127.0.0.2"));
        var socket = lab.Connect(StaleLab.Service4);

        lab.Apply(Stays[way]);

        Assert.True(
            lab.Stale.EndSockets(tcp: false, untranslated: false) == StaleSocketReport.Nothing(tcp: false, untranslated: false),
            way);
        Assert.Contains("127.0.0", socket.LocalEndPoint!.ToString());
    }

    [Fact]
    public async Task Sockets_of_others_are_not_touched()
    {
        await using var lab = new StaleLab();
        lab.Apply(StaleLab.Dns("127.0.0.2"));
        var straight = lab.Connect("127.0.0.2", 9953);
        var elsewhere = lab.Connect(StaleLab.Service4);
        elsewhere.Connect(IPAddress.Parse("127.0.0.9"), 9);
        var unconnected = lab.Unconnected();
        unconnected.SendTo("x"u8, new IPEndPoint(IPAddress.Parse(StaleLab.Service4), StaleLab.Port));
        unconnected.Connect(IPAddress.Parse("127.0.0.9"), 9);

        lab.Apply(StaleLab.Dns("127.0.0.3"));

        Assert.Equal(
            StaleSocketReport.Nothing(tcp: true, untranslated: false), lab.Stale.EndSockets(tcp: true, untranslated: false));
        Assert.All([straight, elsewhere, unconnected], s => Assert.NotEqual(SocketError.ConnectionAborted, StaleLab.ReceiveError(s)));
    }

    [Fact]
    public async Task What_went_while_no_agent_ran_is_found_by_the_next()
    {
        await using var lab = new StaleLab();
        lab.Apply(StaleLab.Dns("127.0.0.2", "127.0.0.3 terminating"));
        var socket = lab.Connect(StaleLab.Service4);

        await lab.RestartAsync();
        lab.Apply(StaleLab.Dns("127.0.0.3"));

        Assert.Equal(1, lab.Stale.EndSockets(tcp: false, untranslated: false).Udp.Ended);
        Assert.Equal(SocketError.ConnectionAborted, StaleLab.ReceiveError(socket));
    }

    [Fact]
    public async Task A_backend_that_terminates_keeps_its_sockets_across_a_restart()
    {
        await using var lab = new StaleLab();
        lab.Apply(StaleLab.Dns("127.0.0.2"));
        lab.Connect(StaleLab.Service4);
        lab.Apply(StaleLab.Dns("127.0.0.2 terminating", "127.0.0.3"));

        await lab.RestartAsync();
        lab.Apply(StaleLab.Dns("127.0.0.2 terminating", "127.0.0.3"));

        Assert.Equal(
            StaleSocketReport.Nothing(tcp: false, untranslated: false), lab.Stale.EndSockets(tcp: false, untranslated: false));
    }

    [Fact]
    public async Task Maps_made_anew_end_no_socket_whose_backend_is_there_under_another_id()
    {
        await using var lab = new StaleLab();
        lab.Apply(c =>
        {
            StaleLab.Dns("127.0.0.2")(c);
            c.Service("a", ["10.96.0.1"], ["x:1/UDP"]).Slice("a", "a", ["x:1/UDP"], ["127.0.0.7", "127.0.0.8"]);
        });
        var stays = lab.Connect(StaleLab.Service4);
        lab.Connect("10.96.0.1", 1);

        await lab.RestartAsync(TestInstance.Small with { Backends = 2048 });
        lab.Apply(StaleLab.Dns("127.0.0.2"));

        Assert.Equal(StaleLab.Ended(udp: 1), lab.Stale.EndSockets(tcp: false, untranslated: false));
        Assert.NotEqual(SocketError.ConnectionAborted, StaleLab.ReceiveError(stays));
    }
}
