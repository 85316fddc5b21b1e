using System.Net;
using System.Net.Sockets;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Tests.StaleSockets;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;
using EbpfLb.Testing.Agents;

namespace EbpfLb.Datapath.Tests.Sockets;

/// <summary>
/// Who a socket with affinity is that is bound to an address. Anybody may bind to any (IP_FREEBIND), and the kernel looks at it only after
/// the hook: what is not the namespace's own must not be believed.
/// </summary>
[Collection(typeof(OwnCgroup))]
public sealed class BoundClientTests : IAsyncDisposable
{
    private const string Own4 = "192.0.2.1", Second4 = "192.0.2.2", Foreign4 = "198.51.100.7";
    private const string Own6 = "2001:db8::1", Second6 = "2001:db8::2", Foreign6 = "2001:db8:ffff::7";
    private const string Vip4 = "203.0.113.7", Vip6 = "2001:db8:1::7";
    private readonly StaleLab lab = new();

    public BoundClientTests()
    {
        lab.Netns.Configure(
            $"addr add {Second4}/32 dev lo", $"addr add {Own6}/128 dev lo nodad", $"addr add {Second6}/128 dev lo nodad");
        lab.Apply(cluster =>
        {
            cluster.Service("dns", [StaleLab.Service4, StaleLab.Service6], ["udp:53/UDP", "tcp:53"], affinity: 600);
            // Its own address and another of each family may come in.
            cluster.Service(
                "ranges", ["10.96.0.54", "fd00:10:96::54"], ["udp:53/UDP", "tcp:53"], affinity: 600, balancerIPs: [Vip4, Vip6],
                sourceRanges: [Own4 + "/32", Foreign4 + "/28", Own6 + "/128", Foreign6 + "/124"]);
            cluster.Slice("ranges-4", "ranges", ["udp:9953/UDP", "tcp:9953"], ["127.0.0.2", "127.0.0.3"]);
            cluster.Slice("ranges-6", "ranges", ["udp:9953/UDP", "tcp:9953"], ["fd00::2", "fd00::3"]);
            cluster.Slice("dns-4", "dns", ["udp:9953/UDP", "tcp:9953"], ["127.0.0.2", "127.0.0.3"]);
            cluster.Slice("dns-6", "dns", ["udp:9953/UDP", "tcp:9953"], ["fd00::2", "fd00::3"]);
        });
        using var clients = Open<ulong, LbNetns>(Abi.Tables.Netns.Name);
        clients.Update(Cookie(), new LbNetns { Addr4 = Bytes(Own4)[3], Addr6 = Bytes(Own6) });
    }

    public static MatrixTheoryData<Way, string> Foreign => new(Enum.GetValues<Way>(), [Foreign4, Foreign6]);

    public static MatrixTheoryData<Way, string> Own => new(Enum.GetValues<Way>(), [Own4, Own6]);

    public static MatrixTheoryData<Way, string> Second => new(Enum.GetValues<Way>(), [Second4, Second6]);

    public async ValueTask DisposeAsync() => await lab.DisposeAsync();

    [Theory]
    [MemberData(nameof(Foreign))]
    public void An_address_of_somebody_else_counts_as_the_namespace(Way way, string address)
    {
        for (var i = 0; i < 8; i++) Ask(way, Next(address, i));

        Assert.Equal(OfNamespace(), Assert.Single(Clients()));
    }

    [Theory]
    [MemberData(nameof(Own))]
    public void The_namespaces_own_address_counts_as_itself(Way way, string address)
    {
        Ask(way, address);

        Assert.Equal(OfAddress(address), Assert.Single(Clients()));
    }

    [Theory]
    [MemberData(nameof(Second))]
    public void Each_address_of_the_node_counts_as_itself_for_the_nodes_own_sockets(Way way, string address)
    {
        lab.Dataplane.Node.ApplyNode(new(
            [], [new NodeAddress(IpAddress.Parse(Second4), false), new NodeAddress(IpAddress.Parse(Second6), false)],
            new NodeSettings { HostNetnsCookie = Cookie() }));

        Ask(way, address);
        Ask(way, address == Second4 ? Foreign4 : Foreign6);

        Assert.Equal([OfNamespace(), OfAddress(address)], Clients().OrderBy(key => key.Kind));
    }

    [Theory]
    [MemberData(nameof(Second))]
    public void A_further_address_of_a_pod_counts_as_its_namespace(Way way, string address)
    {
        Ask(way, address);

        Assert.Equal(OfNamespace(), Assert.Single(Clients()));
    }

    /// <summary>
    /// Source ranges are judged by the address that the socket is bound to: a pod may have several. It is remembered by its namespace.
    /// </summary>
    [Theory]
    [MemberData(nameof(Foreign))]
    public void An_address_that_only_source_ranges_believe_is_remembered_as_its_namespace(Way way, string address)
    {
        for (var i = 0; i < 8; i++) Ask(way, Next(address, i), Vip(address));

        Assert.Equal(OfNamespace(), Assert.Single(Clients()));
    }

    [Theory]
    [MemberData(nameof(Own))]
    public void Behind_source_ranges_the_namespaces_own_address_counts_as_itself(Way way, string address)
    {
        Ask(way, address, Vip(address));

        Assert.Equal(OfAddress(address), Assert.Single(Clients()));
    }

    [Theory]
    [MemberData(nameof(Second))]
    public void An_address_out_of_the_source_ranges_is_not_remembered(Way way, string address)
    {
        Ask(way, address, Vip(address));

        Assert.Empty(Clients());
    }

    public enum Way
    {
        Tcp,
        UdpConnected,
        Udp,
    }

    /// <summary>The kernel may refuse the source, after the hook.</summary>
    private void Ask(Way way, string source, string? to = null) => lab.Netns.Run(() =>
    {
        const int IPPROTO_IP = 0, IP_FREEBIND = 15;
        var address = IPAddress.Parse(source);
        var service = new IPEndPoint(
            IPAddress.Parse(to ?? (address.AddressFamily == AddressFamily.InterNetwork ? StaleLab.Service4 : StaleLab.Service6)),
            StaleLab.Port);
        using var socket = way == Way.Tcp
            ? new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false }
            : new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.SetRawSocketOption(IPPROTO_IP, IP_FREEBIND, BitConverter.GetBytes(1));
        socket.Bind(new IPEndPoint(address, 0));
        Record.Exception(() =>
        {
            if (way == Way.Udp) socket.SendTo("question"u8, service);
            else socket.Connect(service);
        });
    });

    private static string Vip(string like) => like.Contains(':', StringComparison.Ordinal) ? Vip6 : Vip4;

    private List<LbAffKey> Clients()
    {
        using var affinity = Open<LbAffKey, LbAff>(Abi.Tables.Affinity.Name);
        return [.. affinity.Keys().Select(key => key with { ServiceId = 0 })];
    }

    private static LbAffKey OfAddress(string address) => new()
    {
        Client = U32x4.FromBytes(IPAddress.Parse(address).MapToIPv6().GetAddressBytes()), Kind = (uint)LbClientKind.Addr,
    };

    private LbAffKey OfNamespace()
    {
        var bytes = new byte[16];
        BitConverter.TryWriteBytes(bytes, Cookie());
        return new() { Client = U32x4.FromBytes(bytes), Kind = (uint)LbClientKind.Netns };
    }

    private ulong Cookie() => lab.Netns.Run(() =>
    {
        using var reader = NetworkReader.Open();
        return reader.NamespaceCookie();
    });

    private static Be32x4 Bytes(string address) => Be32x4.FromBytes(IPAddress.Parse(address).MapToIPv6().GetAddressBytes());

    private static string Next(string address, int step)
    {
        var bytes = IPAddress.Parse(address).GetAddressBytes();
        bytes[^1] += (byte)step;
        return new IPAddress(bytes).ToString();
    }

    private BpfMap<TKey, TValue> Open<TKey, TValue>(string name)
        where TKey : unmanaged
        where TValue : unmanaged =>
        BpfMap.OpenPinned<TKey, TValue>(new InstancePaths(BpfFs.MountPoint, lab.Instance.Options.Instance).Map(name));
}
