using System.Net;
using System.Net.Sockets;
using EbpfLb.Bpf;
using EbpfLb.Testing;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.Datapath.Tests.Packets.Replies;

/// <summary>Real sockets behind a veth pair, with its offloads (unfinished checksums, large segments) and without.</summary>
public sealed class ClientTests : IDisposable
{
    private const int SolUdp = 17;
    private const int UdpSegment = 103;
    private const uint AnswerTooBig = 2;
    private const uint AnswerTimeExceeded = 3;
    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly NodeNetns node;
    private readonly PodNetns client;

    public ClientTests()
    {
        node = topology.AddNode();
        client = node.AddPod("client");
    }

    /// <summary>Both families, each place.</summary>
    public static TheoryData<bool, ChecksumsOff> Cases { get; } = new()
    {
        { false, ChecksumsOff.Nowhere },
        { false, ChecksumsOff.Client },
        { false, ChecksumsOff.Node },
        { true, ChecksumsOff.Nowhere },
        { true, ChecksumsOff.Client },
        { true, ChecksumsOff.Node },
    };

    private string ClientNetns => client.Place.NetnsPath!;

    public void Dispose() => topology.Dispose();

    [Contract(
        "8",
        "what a refusal is: a reset for TCP, where kube-proxy sends port unreachable; port unreachable else; ECONNREFUSED at the "
        + "socket")]
    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Connecting_is_refused(bool ipv6, ChecksumsOff off)
    {
        using var answers = Answer(ipv6, off);
        using var socket = Open(ipv6, SocketType.Stream);

        var refused = await Assert.ThrowsAsync<SocketException>(async () => await socket.ConnectAsync(answers.Frontend, Limit()));

        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        answers.AssertComplete(IpProtocol.Tcp);
    }

    [Contract(
        "8",
        "what a refusal is: a reset for TCP, where kube-proxy sends port unreachable; port unreachable else; ECONNREFUSED at the "
        + "socket")]
    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_connected_datagram_socket_is_refused_whatever_it_sends(bool ipv6, ChecksumsOff off)
    {
        using var answers = Answer(ipv6, off);
        foreach (var length in (int[])[0, 1, 100, 548, 1232, 1400, 1452, 1472, 5000, 60_000])
        {
            using var socket = Open(ipv6, SocketType.Dgram);
            await socket.ConnectAsync(answers.Frontend);
            socket.Send(new byte[length]);

            Assert.Equal(SocketError.ConnectionRefused, await ErrorOf(socket));
        }
        answers.AssertComplete(ipv6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_datagram_socket_that_leaves_the_cutting_to_the_device_is_refused(bool ipv6)
    {
        using var answers = Answer(ipv6, ChecksumsOff.Node);
        using var socket = Open(ipv6, SocketType.Dgram);
        await socket.ConnectAsync(answers.Frontend);
        socket.SetRawSocketOption(SolUdp, UdpSegment, BitConverter.GetBytes(1000));
        socket.Send(new byte[16_000]);

        Assert.Equal(SocketError.ConnectionRefused, await ErrorOf(socket));
        answers.AssertComplete(ipv6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_connection_that_sends_data_is_reset(bool ipv6, ChecksumsOff off)
    {
        using var connection = Connect(ipv6);
        using var answers = Answer(ipv6, off, connection.Server);

        connection.Client.Send(new byte[12_000]);

        Assert.Equal(SocketError.ConnectionReset, await ErrorOf(connection.Client));
        answers.AssertComplete(IpProtocol.Tcp);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_connection_learns_the_mtu(bool ipv6, ChecksumsOff off)
    {
        const int mtu = 1316;
        using var connection = Connect(ipv6);
        using var answers = Answer(
            ipv6, off, connection.Server, knobs =>
            {
                knobs.Set("cfg_answer", AnswerTooBig);
                knobs.Set("cfg_mtu", (uint)mtu);
            });

        connection.Client.Send(new byte[50_000]);

        // IP_MTU, IPV6_MTU
        var (level, name) = ipv6 ? (41, 24) : (0, 14);
        var value = new byte[4];
        Eventually.Get(
            () => connection.Client.GetRawSocketOption(level, name, value) == 4 ? BitConverter.ToInt32(value) : 0,
            known => known == mtu, "the socket knows the MTU");
        answers.AssertComplete(ipv6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_datagram_socket_learns_that_no_hops_were_left(bool ipv6, ChecksumsOff off)
    {
        using var answers = Answer(ipv6, off, knobs: knobs => knobs.Set("cfg_answer", AnswerTimeExceeded));
        using var socket = Open(ipv6, SocketType.Dgram);
        // IP_RECVERR, IPV6_RECVERR: without it this error is not reported.
        var (level, name) = ipv6 ? (41, 25) : (0, 11);
        socket.SetRawSocketOption(level, name, BitConverter.GetBytes(1));
        await socket.ConnectAsync(answers.Frontend);
        socket.Send(new byte[300]);

        Assert.Equal(SocketError.HostUnreachable, await ErrorOf(socket));
        answers.AssertComplete(ipv6 ? IpProtocol.IcmpV6 : IpProtocol.Icmp);
    }

    /// <summary>For things that come at once or never.</summary>
    private static CancellationToken Limit() => new CancellationTokenSource(TimeSpan.FromSeconds(120)).Token;

    private static async Task<SocketError> ErrorOf(Socket socket) =>
        (await Assert.ThrowsAsync<SocketException>(async () => await socket.ReceiveAsync(new byte[10], Limit()))).SocketErrorCode;

    private Socket Open(bool ipv6, SocketType type) => NetnsThread.Run(ClientNetns, () => new Socket(
        ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, type,
        type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp));

    /// <summary>A connection from the client to the node, made before anything answers in the node's place.</summary>
    private Connection Connect(bool ipv6)
    {
        using var listener = NetnsListener.Listen(node.Place.NetnsPath!, new IPEndPoint(ipv6 ? node.IPv6 : node.IPv4, 0));
        var socket = Open(ipv6, SocketType.Stream);
        socket.Connect(listener.LocalEndPoint!);
        return new Connection(socket, listener.Accept(), (IPEndPoint)listener.LocalEndPoint!);
    }

    private Answers Answer(bool ipv6, ChecksumsOff off, IPEndPoint? frontend = null, Action<KnobSet>? knobs = null)
    {
        if (off == ChecksumsOff.Client)
            Offloads.NoChecksums(ClientNetns, "eth0");
        if (off == ChecksumsOff.Node)
            Offloads.NoChecksums(node.Place.NetnsPath!, $"p-{client.Name}");
        return new Answers(
            node, client, frontend ?? new IPEndPoint(IPAddress.Parse(ipv6 ? "fd00:10:96::10" : "10.96.0.10"), 80), off, knobs);
    }

    private sealed record Connection(Socket Client, Socket Accepted, IPEndPoint Server) : IDisposable
    {
        public void Dispose()
        {
            Client.Dispose();
            Accepted.Dispose();
        }
    }

    /// <summary>The program where the node gets the client's packets, and all that the client gets.</summary>
    private sealed class Answers : IDisposable
    {
        private readonly bool unfinished;
        private readonly UnitProgram reply;
        private readonly FrameCapture capture;
        private readonly BpfLink link;

        public Answers(NodeNetns node, PodNetns client, IPEndPoint frontend, ChecksumsOff off, Action<KnobSet>? knobs)
        {
            Frontend = frontend;
            unfinished = off != ChecksumsOff.Client;
            reply = new UnitProgram("reply", "unit_reply", k =>
            {
                k.Set("cfg_port", (uint)(ushort)IPAddress.HostToNetworkOrder((short)frontend.Port));
                knobs?.Invoke(k);
            });
            capture = new FrameCapture(client.Place.NetnsPath!);
            link = NetnsThread.Run(
                node.Place.NetnsPath!, () => BpfLink.AttachTcx(reply.Program, DeviceIndex.Of($"p-{client.Name}"), ingress: true));
        }

        public IPEndPoint Frontend { get; }

        /// <summary>
        /// Everything that came from the frontend is of this protocol and has right checksums as it lies in memory. What is quoted was
        /// finished by its sender only where its own device does not do it; the kernel's own errors quote it so, too.
        /// </summary>
        public void AssertComplete(byte protocol)
        {
            var answers = capture.Frames().Select(frame => PacketReader.Read(frame)).Where(IsAnswer).ToList();
            Assert.NotEmpty(answers);
            Assert.All(answers, answer =>
            {
                Assert.Equal(protocol, answer.Ip.Protocol);
                Assert.Equal(64, answer.Bytes[answer.Ip.Start + (answer.Ip.IsIpv6 ? 7 : 8)]);
                Assert.DoesNotContain(
                    PacketVerifier.Checksums(answer),
                    c => c.IsWrong && !(unfinished && c.Name is "inner.tcp.checksum" or "inner.udp.checksum"));
            });
        }

        public void Dispose()
        {
            link.Dispose();
            capture.Dispose();
            reply.Dispose();
        }

        private bool IsAnswer(ParsedPacket packet) => Frontend.Address.Equals(packet.Outer?.Source.Address);
    }
}
