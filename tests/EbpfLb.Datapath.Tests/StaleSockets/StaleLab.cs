using System.Net;
using System.Net.Sockets;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.StaleSockets;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;
using EbpfLb.Planning;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.Datapath.Tests.StaleSockets;

/// <summary>An instance that serves this process, and a namespace with addresses for backends where its sockets are made.</summary>
internal sealed class StaleLab : IAsyncDisposable
{
    public const string Service4 = "10.96.0.53";
    public const string Service6 = "fd00:10:96::53";
    public const string Mapped = "::ffff:10.96.0.53";
    public const int Port = 53;
    public const string NodeIP = "192.0.2.1";
    private const string PodDevice = "pod0";

    private static readonly Dictionary<SocketWay, IReadOnlySet<string>> Refused = new()
    {
        [SocketWay.Iterators] = new HashSet<string>(),
        [SocketWay.SockDestroy] = new HashSet<string> { "lb_end_udp", "lb_end_tcp" },
        [SocketWay.SockDiag] = new HashSet<string> { "lb_find_tcp", "lb_end_udp", "lb_end_tcp" },
    };

    private readonly List<Socket> sockets = [];

    /// <param name="way">What the kernel refuses of itself, another way does too: <see cref="SocketProgramTests"/> has the one test that
    /// tells.</param>
    public StaleLab(SocketWay way = SocketWay.Iterators) : this(Refused[way])
    {
    }

    public StaleLab(IReadOnlySet<string> refused)
    {
        Instance.Options = Instance.Options with { RefusedPrograms = refused };
        Instance.Join();
        Dataplane = Instance.Open();
    }

    public TestInstance Instance { get; } = new();

    /// <summary>Whoever sends to an address of a service itself is heard by nobody.</summary>
    public ScratchNetns Netns { get; } = ScratchNetns.Create(
        "addr add fd00::2/128 dev lo nodad", "addr add fd00::3/128 dev lo nodad", $"addr add {NodeIP}/32 dev lo",
        $"link add {PodDevice} type veth peer name {PodDevice}p", $"link set {PodDevice} up", "route add 10.96.0.0/16 dev lo",
        "route add 203.0.113.0/24 dev lo", "route add fd00:10:96::/112 dev lo");

    public Dataplane Dataplane { get; private set; }

    public IStaleState Stale => Dataplane.Conntrack.Stale;

    /// <summary>A pass that ended all that it found; of the kinds that are not named it says nothing, but for UDP.</summary>
    public static StaleSocketReport Ended(int udp = 0, int? tcp = null, int? untranslated = null)
        => new(new(udp, udp), new(tcp, tcp ?? 0), new(untranslated, untranslated ?? 0), null);

    /// <summary>"dns" with these endpoints: UDP and TCP at port 9953.</summary>
    public static Action<ClusterBuilder> Dns(params string[] endpoints) => cluster =>
    {
        cluster.Service("dns", [Service4, Service6], ["udp:53/UDP", "tcp:53"]);
        foreach (var family in endpoints.GroupBy(e => e.Contains(':', StringComparison.Ordinal)))
            cluster.Slice(family.Key ? "dns-6" : "dns-4", "dns", ["udp:9953/UDP", "tcp:9953"], [.. family]);
    };

    public void Apply(Action<ClusterBuilder> describe, bool keepTcp = false)
    {
        var builder = new ClusterBuilder();
        describe(builder);
        Dataplane.Services.Apply(
            Policy.ForwardingCompiler.Compile(builder.Build(), Policy.PolicyOptions.Default with { KeepsTcpEndpoints = keepTcp }, null));
        Dataplane.Hooks.Attach();
    }

    /// <summary>The namespace is a node's, or not; NodePorts answer on its one address.</summary>
    public void BeNode(NodeSettings settings, bool ofLab = true)
    {
        var cookie = Netns.Run(() =>
        {
            using var reader = NetworkReader.Open();
            return reader.NamespaceCookie();
        });
        Dataplane.Node.ApplyNode(new NodeState(
            [], [new NodeAddress(IpAddress.Parse(NodeIP), true)], settings with { HostNetnsCookie = ofLab ? cookie : cookie + 1 }));
    }

    /// <summary>The namespace has a device that pods are behind, with our programs.</summary>
    public void BePodNode() => Netns.Run(() =>
    {
        using var reader = NetworkReader.Open();
        var found = DeviceSelector.Select(reader.Read(), new DeviceOptions([], [], [NamePattern.Parse(PodDevice)]));
        var attached = Dataplane.Node.AttachDevices(found);
        Assert.Equal((PodDevice, null), attached.Select(d => (d.Name, d.Error)).Single(d => d.Name == PodDevice));
    });

    /// <summary>A UDP socket that is connected to the address.</summary>
    public Socket Connect(string address, int port = Port, ProtocolType protocol = ProtocolType.Udp) => Netns.Run(() =>
    {
        var ip = IPAddress.Parse(address);
        var socket = Keep(new Socket(ip.AddressFamily, protocol == ProtocolType.Udp ? SocketType.Dgram : SocketType.Stream, protocol));
        if (ip.IsIPv4MappedToIPv6) socket.DualMode = true;
        socket.Connect(ip, port);
        return socket;
    });

    /// <summary>An MPTCP socket that is connected to the address.</summary>
    public Socket ConnectMptcp(string address) => Netns.Run(() =>
    {
        var ip = IPAddress.Parse(address);
        var socket = Keep(MptcpSocket.Create(ip.AddressFamily));
        if (ip.IsIPv4MappedToIPv6) socket.DualMode = true;
        socket.Connect(ip, Port);
        return socket;
    });

    public Socket Unconnected() => Netns.Run(() => Keep(new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)));

    /// <summary>A UDP socket of a backend.</summary>
    public Socket Serve(string address, int port) => Netns.Run(() =>
    {
        var ip = IPAddress.Parse(address);
        var socket = Keep(new Socket(ip.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        socket.Bind(new IPEndPoint(ip, port));
        return socket;
    });

    public void Listen(string address, int port, bool mptcp = false) => Netns.Run(() =>
    {
        var ip = IPAddress.Parse(address);
        var socket = Keep(mptcp ? MptcpSocket.Create(ip.AddressFamily) : new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        socket.Bind(new IPEndPoint(ip, port));
        socket.Listen();
    });

    /// <summary>The agent goes and another one comes.</summary>
    public async Task RestartAsync(MapSizes? sizes = null)
    {
        await Dataplane.DisposeAsync();
        if (sizes is not null) Instance.Options = Instance.Options with { Sizes = sizes };
        Dataplane = Instance.Open();
    }

    /// <summary>What a receiver is told, without waiting; nobody ever answers.</summary>
    public static SocketError ReceiveError(Socket socket)
    {
        socket.Blocking = false;
        return Assert.Throws<SocketException>(() => socket.Receive(new byte[16])).SocketErrorCode;
    }

    /// <summary>What a sender is told.</summary>
    public static SocketError SendError(Socket socket)
        => Assert.Throws<SocketException>(() => socket.Send("still there?"u8)).SocketErrorCode;

    public async ValueTask DisposeAsync()
    {
        foreach (var socket in sockets) socket.Dispose();
        await Dataplane.DisposeAsync();
        Instance.Dispose();
        Netns.Dispose();
    }

    private Socket Keep(Socket socket)
    {
        sockets.Add(socket);
        return socket;
    }
}
