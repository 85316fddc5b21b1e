using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Neighbours;

/// <summary>
/// A CNI that masquerades what its pods send out of the cluster, with ports that are NodePorts too: flannel, Calico, the AWS VPC CNI,
/// kindnet and ip-masq-agent let netfilter draw from 1024-65535 (<c>--random-fully</c>). Here it draws from NodePorts only, so that no test
/// depends on luck.
/// </summary>
public sealed class MasqueradeTests : IDisposable
{
    private const int FirstPort = 30_400;
    private const int Ports = 128;
    private const int SnatFirst = 20_000;

    private readonly TestCluster cluster = new(new TestClusterOptions { Extra = ["--snat-ports", $"{SnatFirst}-{SnatFirst + 127}"] });
    private readonly OutsideService service;

    public MasqueradeTests()
    {
        service = cluster.NewService("a", "c");
        service = cluster.Publish(service with
        {
            Manifest = service.Manifest with
            {
                Ports =
                [
                    .. from protocol in (string[])["TCP", "UDP"]
                       from port in Enumerable.Range(0, Ports)
                       select new PortManifest(string.Create(CultureInfo.InvariantCulture, $"{protocol.ToLowerInvariant()}{port}"),
                           protocol, 1000 + port, TestNode.TargetPort) { NodePort = FirstPort + port },
                ],
            },
        });
        cluster.Keep(PodServer.Start(cluster.Client.Place, "outside", "7000", "7000"));
    }

    public static TheoryData<LoadMode, Family> Loads { get; } = new(
        from mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp, LoadMode.UdpConnected]
        from family in (Family[])[Family.IPv4, Family.IPv6]
        select (mode, family));

    [Theory]
    [MemberData(nameof(Loads))]
    public void Replies_to_pods_that_are_masqueraded_with_ports_of_services_reach_the_pods(LoadMode mode, Family family)
    {
        Masquerade($"{FirstPort}-{FirstPort + Ports - 1}");
        using var pod = NetProbe.Start(cluster.Pod("a").Place);

        var report = pod.Load(mode, Outside(family), Ports / 2);

        cluster.CheckClean(report);
        Assert.Equal(["outside"], report.Names.Keys);
        // And who asks the NodePort is still a client.
        cluster.CheckClean(cluster.Probe.Load(mode, NodePort(family), 10));
    }

    [Theory]
    [MemberData(nameof(Loads))]
    public void The_node_itself_reaches_others_from_a_port_that_is_a_NodePort(LoadMode mode, Family family)
    {
        // An unconnected socket takes packets from anybody; that this one was asked for only netfilter knows.
        if (mode == LoadMode.Udp) Masquerade($"{FirstPort}-{FirstPort + Ports - 1}");
        using var host = NetProbe.Start(cluster.First.Netns.Place);

        foreach (var port in Enumerable.Range(FirstPort, 5))
        {
            var from = new IPEndPoint(IPAddress.Parse(cluster.First.Address(family)), port).ToString();
            var report = host.Load(new LoadSpec(mode, Outside(family)) { Count = 1, From = from, Timeout = TimeSpan.FromSeconds(2) });
            cluster.CheckClean(report);
            Assert.Equal(["outside"], report.Names.Keys);
        }
        Assert.DoesNotContain(":7000", cluster.First.Agent.Command("conntrack", "list").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_of_what_the_node_asked_for_reaches_it()
    {
        using var host = NetProbe.Start(cluster.First.Netns.Place);
        var from = new IPEndPoint(IPAddress.Parse(cluster.First.Address(Family.IPv4)), FirstPort).ToString();
        var to = new IPEndPoint(cluster.Client.IPv4, 7001).ToString();

        Assert.Equal("ECONNREFUSED", host.Open("tcp", to, $"from={from}").Connect(to).Errno);
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void An_echo_service_and_an_echo_server_outside_do_not_talk_to_each_other(Family family)
    {
        // The one question has the number of the service's NodePort: its answer, taken for a question, would be answered for ever.
        Masquerade($"{FirstPort}");
        using var pod = NetProbe.Start(cluster.Pod("a").Place);

        var report = pod.Load(LoadMode.UdpConnected, Outside(family), 1);

        cluster.CheckClean(report);
        Assert.Equal(0, Drops.Count(cluster.First, "pkt_new"));
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Replies_to_source_ports_that_netfilter_has_too_are_not_called_lost(Family family)
    {
        Masquerade($"{SnatFirst}-{SnatFirst + 63}");
        using var pod = NetProbe.Start(cluster.Pod("a").Place);

        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
            cluster.CheckClean(pod.Load(mode, Outside(family), 32));

        // One of a backend that nobody waits for, after them: it is the only one that is told.
        var backend = cluster.Pod("c");
        using var probe = NetProbe.Start(backend.Place);
        var stranger = probe.Open(
            "udp", Outside(family), $"from={new IPEndPoint(family == Family.IPv6 ? backend.IPv6 : backend.IPv4, 7002)}");
        stranger.Send(1, new IPEndPoint(IPAddress.Parse(cluster.First.Address(family)), SnatFirst + 100).ToString());
        Eventually.True(() => Drops.Count(cluster.First, "pkt_reply_lost") > 0, () => $"the lost reply to be counted{cluster.Report()}");
        Assert.Equal(1, Drops.Count(cluster.First, "pkt_reply_lost"));
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Source_ports_that_netfilter_has_towards_a_backend_are_passed_over(Family family)
    {
        // Half of what the agent may choose from are all that netfilter chooses from, and most of those are in use.
        Masquerade($"{SnatFirst}-{SnatFirst + 63}");
        using var pod = NetProbe.Start(cluster.Pod("a").Place);
        pod.Do($"hold id=held to={Backend(family)} count=50");
        var remote = cluster.Publish("c");

        var report = cluster.Probe.Load(LoadMode.Tcp, remote.Address(cluster, Way.NodePortOfFirst, family), 60);

        cluster.CheckClean(report);
        Assert.Equal("50", pod.Do("exchange id=held")["answered"]);
        Assert.True(Drops.Count(cluster.First, "ct_port_tracked") > 0, "no port was passed over, so this proved nothing");
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Connections_that_netfilter_gives_a_source_port_of_a_flow_get_another_one(Family family)
    {
        // Netfilter chooses from half of what the agent does, and does not know what the agent has chosen.
        Masquerade($"{SnatFirst}-{SnatFirst + 63}");
        var remote = cluster.Publish("c");
        cluster.Probe.Do($"hold id=ours to={remote.Address(cluster, Way.NodePortOfFirst, family)} count=50");
        using var pod = NetProbe.Start(cluster.Pod("a").Place);

        pod.Do($"hold id=theirs to={Backend(family)} count=40");

        Assert.Equal("40", pod.Do("exchange id=theirs")["answered"]);
        Assert.Equal("50", cluster.Probe.Do("exchange id=ours")["answered"]);
        Eventually.True(() => Drops.Count(cluster.First, "ct_port_moved") > 0,
            () => $"a port to be met, without which this proves nothing{cluster.Report()}");
    }

    public void Dispose() => cluster.Dispose();

    private string Outside(Family family)
        => new IPEndPoint(family == Family.IPv6 ? cluster.Client.IPv6 : cluster.Client.IPv4, 7000).ToString();

    /// <summary>The pod of the other node, without a service.</summary>
    private string Backend(Family family) =>
        new IPEndPoint(cluster.Addresses("c").Single(a
                => a.AddressFamily == (family == Family.IPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork)),
            TestNode.TargetPort).ToString();

    private string NodePort(Family family) => new IPEndPoint(IPAddress.Parse(cluster.First.Address(family)), FirstPort).ToString();

    /// <summary>Netfilter gives what leaves the first node for other machines an address of the node, and one of these ports.</summary>
    private void Masquerade(string ports)
    {
        var (code, output) = ChildProcess.Run(
            cluster.First.Netns.Place, RepositoryPaths.Tool("nft"),
            "add table inet cni; add chain inet cni post { type nat hook postrouting priority srcnat; }; "
            + $"add rule inet cni post oifname eth0 meta l4proto {{ tcp, udp }} masquerade to :{ports} fully-random");
        Assert.True(code == 0, output);
    }
}
