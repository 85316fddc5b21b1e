using System.Net;
using System.Net.Sockets;
using EbpfLb.Netlink.Conntrack;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Netlink.Tests.Conntrack;

public sealed class ConntrackReaderTests : IDisposable
{
    private static readonly IPEndPoint Asked4 = new(IPAddress.Parse("192.0.2.1"), 53), Backend4 = new(IPAddress.Loopback, 5353);
    private static readonly IPEndPoint Asked6 = new(IPAddress.Parse("2001:db8::1"), 53), Backend6 = new(IPAddress.IPv6Loopback, 5353);
    private static readonly IPEndPoint Untranslated = new(IPAddress.Loopback, 5354);

    private readonly TestNamespace netns = new();

    [Fact]
    public void Connections_whose_destination_is_changed_are_read_and_no_others()
    {
        netns.Ip("link set lo up", "route add local 192.0.2.1/32 dev lo", "route add local 2001:db8::1/128 dev lo");
        Nft("table inet t { chain out { type nat hook output priority -100; ip daddr 192.0.2.1 udp dport 53 dnat ip to 127.0.0.1:5353; "
            + "ip6 daddr 2001:db8::1 udp dport 53 dnat ip6 to [::1]:5353; }\n}");
        using var socket4 = Connected(Asked4);
        using var socket6 = Connected(Asked6);
        using var other = Connected(Untranslated);
        using var reader = netns.Open(ConntrackReader.Open);

        var read = reader.ReadTranslated();

        Assert.Equal(
            [
                new TranslatedConnection(ProtocolType.Udp, (IPEndPoint)socket4.LocalEndPoint!, Asked4, Backend4),
                new TranslatedConnection(ProtocolType.Udp, (IPEndPoint)socket6.LocalEndPoint!, Asked6, Backend6),
            ],
            read);
    }

    [Fact]
    public void A_namespace_without_connections_has_none()
    {
        using var reader = netns.Open(ConntrackReader.Open);

        Assert.Empty(reader.ReadTranslated());
    }

    public void Dispose() => netns.Dispose();

    /// <summary>A socket that has sent one datagram.</summary>
    private Socket Connected(IPEndPoint to) => netns.Open(() =>
    {
        var socket = new Socket(to.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(to);
        socket.Send([1]);
        return socket;
    });

    private void Nft(string rules)
    {
        var (code, output) = ChildProcess.Run(netns.Node.Place, RepositoryPaths.Tool("nft"), rules);
        Assert.True(code == 0, output);
    }
}
