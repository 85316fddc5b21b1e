using System.Net;
using System.Net.Sockets;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Datapath.Tests.StaleSockets;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;
using EbpfLb.Testing.Agents;

namespace EbpfLb.Datapath.Tests.Sockets;

/// <summary>What socket hooks tell while they are traced (bpf/hook/hook_sock_trace.h): real sockets of this process.</summary>
[Collection(typeof(OwnCgroup))]
public sealed class SocketTraceTests : IAsyncDisposable
{
    private static readonly FlowClock Clock = new(TimeProvider.System);
    private readonly StaleLab lab = new();
    private readonly ITraceSource traces;

    public SocketTraceTests()
    {
        lab.Apply(cluster =>
        {
            cluster.Service("dns", [StaleLab.Service4, StaleLab.Service6], ["udp:53/UDP", "tcp:53"]);
            cluster.Service("other", ["10.96.0.9"], ["udp:53/UDP"]);
            cluster.Slice("dns-4", "dns", ["udp:9953/UDP", "tcp:9953"], ["127.0.0.2"]);
            cluster.Slice("dns-6", "dns", ["udp:9953/UDP", "tcp:9953"], ["fd00::2"]);
            cluster.Slice("other-4", "other", ["udp:9954/UDP"], ["127.0.0.2"]);
        });
        traces = lab.Dataplane.Diagnostics.OpenTraces();
    }

    public async ValueTask DisposeAsync()
    {
        traces.Dispose();
        await lab.DisposeAsync();
    }

    [Theory]
    [InlineData(StaleLab.Service4, "127.0.0.2", ProtocolType.Udp)]
    [InlineData(StaleLab.Service6, "fd00::2", ProtocolType.Udp)]
    [InlineData(StaleLab.Mapped, "127.0.0.2", ProtocolType.Udp)]
    [InlineData(StaleLab.Service4, "127.0.0.2", ProtocolType.Tcp)]
    [InlineData(StaleLab.Service6, "fd00::2", ProtocolType.Tcp)]
    [InlineData(StaleLab.Mapped, "127.0.0.2", ProtocolType.Tcp)]
    public void Connect_is_told_with_its_backend_and_process_and_so_is_close(string service, string backend, ProtocolType protocol)
    {
        lab.Listen(backend, 9953);
        Trace(TraceBits.All);

        var socket = lab.Connect(service, StaleLab.Port, protocol);

        var told = Assert.Single(Traces());
        Assert.Equal(
            new TraceEvent(
                told.Time, LbTraceKind.Connected, LbTraceHook.AtSocket, (byte)protocol, null, End(service, StaleLab.Port),
                End(backend, 9953), null, null, 0, new TraceProcess(Environment.ProcessId, ThreadName()), told.Cookie, told.ServiceId),
            told);
        Assert.NotEqual(0ul, told.Cookie);
        Assert.NotNull(lab.Dataplane.Services.FindServicePort(told.ServiceId));
        socket.Dispose();
        var closed = Assert.Single(Traces());
        Assert.Equal(told with { Time = closed.Time, Kind = LbTraceKind.Closed, Process = closed.Process }, closed);
    }

    [Fact]
    public void A_socket_that_is_bound_is_told_with_its_address_and_port()
    {
        Trace(TraceBits.All);

        lab.Netns.Run(() =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(StaleLab.NodeIP), 4711));
            socket.Connect(IPAddress.Parse(StaleLab.Service4), StaleLab.Port);
        });

        Assert.Equal(End(StaleLab.NodeIP, 4711), Traces()[0].Client);
    }

    [Fact]
    public void A_socket_that_is_not_is_told_with_what_its_namespace_connects_from()
    {
        using var clients = BpfMap.OpenPinned<ulong, LbNetns>(
            new InstancePaths(BpfFs.MountPoint, lab.Instance.Options.Instance).Map(Abi.Tables.Netns.Name));
        var cookie = lab.Netns.Run(() =>
        {
            using var reader = NetworkReader.Open();
            return reader.NamespaceCookie();
        });
        clients.Update(cookie, new LbNetns
        {
            Addr4 = AbiAddress.To4(IPAddress.Parse("10.244.0.7")), Addr6 = AbiAddress.To16(IPAddress.Parse("fd00:244::7")),
        });
        Trace(TraceBits.All);

        foreach (var service in (string[])[StaleLab.Service4, StaleLab.Service6, StaleLab.Mapped]) lab.Connect(service);

        Assert.Equal([End("10.244.0.7", 0), End("fd00:244::7", 0), End("10.244.0.7", 0)], Traces().Select(t => t.Client!.Value));
    }

    [Fact]
    public void Of_datagrams_the_first_to_each_service_is_told_also_of_a_socket_that_alternates()
    {
        var socket = lab.Unconnected();
        Trace(TraceBits.All);

        for (var i = 0; i < 3; i++)
        {
            Send(socket, StaleLab.Service4);
            Send(socket, "10.96.0.9");
        }

        var told = Traces();
        Assert.Equal(
            [(LbTraceKind.Sent, End(StaleLab.Service4, 53), End("127.0.0.2", 9953)),
                (LbTraceKind.Sent, End("10.96.0.9", 53), End("127.0.0.2", 9954))],
            told.Select(t => (t.Kind, t.Frontend, t.Backend)));
        Assert.Equal(told[0].Cookie, told[1].Cookie);
        Assert.Equal(Environment.ProcessId, told[0].Process!.Id);
    }

    /// <summary>By which the agent leaves it out.</summary>
    [Fact]
    public void The_check_of_the_hooks_is_told_with_the_frontend_of_the_canary()
    {
        Trace(TraceBits.All);

        Assert.True(lab.Dataplane.Hooks.CheckCanary().Ok);

        HashSet<FlowEndpoint> told = [.. Traces().Select(t => t.Frontend)];
        Assert.Contains(End("192.0.0.8", 10256), told);
        Assert.Empty(told.Except([End("192.0.0.8", 10256), End("100::8", 10256)]));
    }

    [Fact]
    public void Nothing_is_told_while_nobody_looks_on_or_after_the_time_or_of_another_service()
    {
        Assert.Equal(0, ToldOfNext());
        traces.Trace(TraceBits.All, Clock.Now - 1);
        Assert.Equal(0, ToldOfNext());
        Trace(TraceBits.All);
        lab.Connect(StaleLab.Service4);
        var id = Assert.Single(Traces()).ServiceId;
        Trace(TraceBits.Of(id + 1));
        Assert.Equal(0, ToldOfNext());
        Trace(TraceBits.Of(id));
        Assert.Equal(1, ToldOfNext());
        traces.Stop();
        Assert.Equal(0, ToldOfNext());

        int ToldOfNext()
        {
            lab.Connect(StaleLab.Service4);
            return Traces().Count;
        }
    }

    private void Trace(ulong services) => traces.Trace(services, Clock.Now + 60);

    private List<TraceEvent> Traces()
    {
        List<TraceEvent> told = [];
        traces.Drain(record => told.Add(TraceEvent.Of(record, Clock)));
        return told;
    }

    private static void Send(Socket socket, string service)
        => socket.SendTo("question"u8, new IPEndPoint(IPAddress.Parse(service), StaleLab.Port));

    /// <summary>Of the thread that makes sockets.</summary>
    private string ThreadName() => lab.Netns.Run(() => File.ReadAllText("/proc/thread-self/comm").TrimEnd());

    private static FlowEndpoint End(string address, int port) => new(IpAddress.From(IPAddress.Parse(address)), (ushort)port);
}
