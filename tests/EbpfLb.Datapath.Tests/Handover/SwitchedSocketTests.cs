using System.Net;
using System.Net.Sockets;
using EbpfLb.Abi;
using EbpfLb.Datapath.Canary;
using EbpfLb.Datapath.Tests.StaleSockets;

namespace EbpfLb.Datapath.Tests.Handover;

/// <summary>
/// What a socket remembers in the lb_sock of another release is brought along once, by whoever comes first: a program in between that is
/// asked about the socket, or the look at all sockets. The map of before has it no more then, or a socket that has forgotten it would be
/// given it back.
/// </summary>
[Collection(typeof(OwnCgroup))]
public sealed class SwitchedSocketTests : IAsyncDisposable
{
    private const string Backend4 = "127.0.0.2", Backend6 = "fd00::2";
    private readonly StaleLab lab = new();

    public SwitchedSocketTests() => lab.Apply(StaleLab.Dns(Backend4, Backend6));

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Theory]
    [InlineData(StaleLab.Service4, Backend4)]
    [InlineData(StaleLab.Service6, Backend6)]
    public void A_socket_that_connects_to_its_backend_itself_shows_that_while_programs_in_between_are_there(string service, string backend)
    {
        var socket = lab.Connect(service);
        using var between = new SwitchedLab(lab, socket);
        between.Flip();

        socket.Connect(IPAddress.Parse(backend), 9953);

        Assert.Equal(new IPEndPoint(IPAddress.Parse(backend), 9953), SocketNames.Peer(socket));
        Assert.Null(between.Of(socket));
        Assert.False(between.IsInMapOfBefore(socket));
    }

    [Theory]
    [InlineData(StaleLab.Service4)]
    [InlineData(StaleLab.Service6)]
    public void What_a_program_in_between_brought_along_is_in_the_map_of_before_no_more(string service)
    {
        var socket = lab.Connect(service);
        var before = SwitchedLab.SockOf(lab, socket);
        using var between = new SwitchedLab(lab, socket);
        between.Flip();

        Assert.Equal(new IPEndPoint(IPAddress.Parse(service), StaleLab.Port), SocketNames.Peer(socket));

        Assert.Equal(before, between.Of(socket));
        Assert.False(between.IsInMapOfBefore(socket));
        Assert.Equal(new IPEndPoint(IPAddress.Parse(service), StaleLab.Port), SocketNames.Peer(socket));
    }

    [Fact]
    public void What_sockets_at_rest_remember_is_in_the_map_of_before_no_more_when_it_was_brought_along()
    {
        Socket[] sockets = [.. Enumerable.Range(0, 100).Select(i => lab.Connect(i % 2 == 0 ? StaleLab.Service4 : StaleLab.Service6))];
        LbSock[] before = [.. sockets.Select(socket => SwitchedLab.SockOf(lab, socket))];
        using var between = new SwitchedLab(lab, sockets);
        between.Flip();

        between.Switchover.TakeSockets();

        Assert.Equal(before, sockets.Select(socket => between.Of(socket)!.Value));
        Assert.All(sockets, socket => Assert.False(between.IsInMapOfBefore(socket)));
    }

    /// <summary>Programs of before that were interrupted by the flip may write there after that.</summary>
    [Fact]
    public void What_our_map_has_stays_and_what_the_map_of_before_has_goes()
    {
        Socket[] sockets = [lab.Connect(StaleLab.Service4), lab.Connect(StaleLab.Service4)];
        LbSock[] ours = [.. sockets.Select(socket => SwitchedLab.SockOf(lab, socket) with { ServiceId = 77, Kind = 0 })];
        using var between = new SwitchedLab(lab, sockets);
        between.Flip();
        for (var i = 0; i < sockets.Length; i++) between.Remember(sockets[i], ours[i]);

        SocketNames.Peer(sockets[0]);
        between.Switchover.TakeSockets();

        Assert.Equal(ours, sockets.Select(socket => between.Of(socket)!.Value));
        Assert.All(sockets, socket => Assert.False(between.IsInMapOfBefore(socket)));
    }

    [Fact]
    public void A_socket_that_ends_is_counted_as_closed_once()
    {
        var socket = lab.Connect(StaleLab.Service4);
        using var between = new SwitchedLab(lab, socket);
        between.Flip();

        socket.Connect(IPAddress.Parse(Backend4), 9953);
        var afterFirst = Closed();
        SocketNames.Peer(socket);
        between.Switchover.TakeSockets();
        socket.Dispose();

        Assert.Equal((1ul, 1ul), (afterFirst, Closed()));
    }

    private ulong Closed() => Assert.Single(
        Enumerable.Range(0, 64).Select(id => lab.Dataplane.Services.ReadCounters((uint)id)), counters => counters.Connections > 0).Closed;
}
