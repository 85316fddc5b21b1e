using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Namespaces;
using EbpfLb.Netlink.Network;
using EbpfLb.Testing.Netns;

namespace EbpfLb.Datapath.Tests.Clients;

/// <summary>What processes of a network namespace connect from is what the kernel would choose for them.</summary>
public sealed class ClientReaderTests : IDisposable
{
    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly NodeNetns node;
    private readonly PodNetns pod;

    public ClientReaderTests()
    {
        node = topology.AddNode("cl");
        pod = node.AddPod("a");
    }

    public void Dispose() => topology.Dispose();

    [Fact]
    public void A_pod_connects_from_its_addresses()
        => Assert.Equal((pod.IPv4.ToString(), pod.IPv6.ToString()), Text(Read(hostCookie: 0)[Cookie(pod)]));

    [Fact]
    public void The_first_address_at_the_default_route_counts_and_no_other_device()
    {
        pod.Configure(
            "addr add 10.9.9.9/32 dev eth0", "link add other type veth peer name end", "link set other up",
            "addr add 10.8.8.8/24 dev other", "addr add fd00:8::8/64 dev other nodad");

        Assert.Equal((pod.IPv4.ToString(), pod.IPv6.ToString()), Text(Read(hostCookie: 0)[Cookie(pod)]));
    }

    [Fact]
    public void The_namespace_of_the_node_is_left_out_and_one_without_addresses_is_empty()
    {
        using var bare = ScratchNetns.Create();
        var cookie = NetnsThread.Run(bare.Path, OwnCookie);

        var found = Read(hostCookie: Cookie(pod));

        Assert.DoesNotContain(Cookie(pod), found.Keys);
        Assert.True(found[cookie]!.IsEmpty);
    }

    private static IReadOnlyDictionary<ulong, ClientAddresses?> Read(ulong hostCookie)
        => new ClientReader(new NetworkNamespaces()).Read(hostCookie);

    private static (string?, string?) Text(ClientAddresses? client) => (client!.IPv4.ToString(), client.IPv6.ToString());

    private static ulong Cookie(PodNetns pod) => NetnsThread.Run(pod.Place.NetnsPath!, OwnCookie);

    private static ulong OwnCookie()
    {
        using var reader = NetworkReader.Open();
        return reader.NamespaceCookie();
    }
}
