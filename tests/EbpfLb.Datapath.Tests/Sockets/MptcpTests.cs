using System.Net;
using System.Net.Sockets;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Tests.StaleSockets;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Tests.Sockets;

/// <summary>The kernel connects a socket of its own for an MPTCP socket: the hooks see the one at connect(), the other after it.</summary>
[Collection(typeof(OwnCgroup))]
public sealed class MptcpTests
{
    public static MatrixTheoryData<string, bool> Kinds => new([StaleLab.Service4, StaleLab.Service6, StaleLab.Mapped], [true, false]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_peer_of_an_MPTCP_socket_is_the_service(string address, bool backendHasMptcp)
    {
        await using var lab = Lab(backendHasMptcp);

        var socket = lab.ConnectMptcp(address);

        Assert.Equal(new IPEndPoint(IPAddress.Parse(address), StaleLab.Port), socket.RemoteEndPoint);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_MPTCP_connection_is_counted_as_open_until_it_is_closed(string address, bool backendHasMptcp)
    {
        await using var lab = Lab(backendHasMptcp);

        var sockets = Enumerable.Range(0, 3).Select(_ => lab.ConnectMptcp(address)).ToArray();
        Assert.Equal(new ServiceCounters(3, 0, 0, 0), Counters(lab));
        Assert.Equal((3u, 3u), OfBackend(lab));

        foreach (var socket in sockets) socket.Dispose();
        Assert.Equal(new ServiceCounters(3, 3, 0, 0), Counters(lab));
        Assert.Equal((3u, 0u), OfBackend(lab));
    }

    [Theory]
    [InlineData(SocketWay.Iterators)]
    [InlineData(SocketWay.SockDiag)]
    public async Task An_MPTCP_connection_whose_backend_goes_is_found(SocketWay way)
    {
        await using var lab = new StaleLab(way);
        lab.Listen("127.0.0.2", 9953);
        lab.Apply(StaleLab.Dns("127.0.0.2"), keepTcp: true);
        lab.ConnectMptcp(StaleLab.Service4);

        lab.Apply(StaleLab.Dns("127.0.0.3"), keepTcp: true);

        Assert.Equal(1, lab.Stale.EndSockets(tcp: true, untranslated: false).Tcp.Found);
    }

    private static StaleLab Lab(bool backendHasMptcp)
    {
        var lab = new StaleLab();
        lab.Listen("127.0.0.2", 9953, backendHasMptcp);
        lab.Listen("fd00::2", 9953, backendHasMptcp);
        lab.Apply(StaleLab.Dns("127.0.0.2", "fd00::2"));
        return lab;
    }

    private static ServiceCounters Counters(StaleLab lab) => Assert.Single(
        Enumerable.Range(0, 64).Select(id => lab.Dataplane.Services.ReadCounters((uint)id)), counters => counters.Connections > 0);

    /// <summary>Connections begun and open of the one backend that has any.</summary>
    private static (uint Begun, uint Open) OfBackend(StaleLab lab)
    {
        var services = lab.Dataplane.Services;
        var backend = Assert.Single(
            Enumerable.Range(1, 64).Select(id => services.FindServicePort((uint)id)).OfType<ServicePortKey>()
                .SelectMany(services.ReadBackends),
            b => b.Connections > 0);
        return (backend.Connections, backend.Open);
    }
}
