using EbpfLb.Testing;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Outside;

/// <summary>Every kind of frontend answers a client outside of the cluster, through a local and through a remote backend.</summary>
public sealed class FrontendTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    public static TheoryData<Way, Family> Ways()
    {
        var data = new TheoryData<Way, Family>();
        foreach (var way in Enum.GetValues<Way>())
        {
            data.Add(way, Family.IPv4);
            data.Add(way, Family.IPv6);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Answers_come_from_all_backends_and_seem_to_come_from_the_frontend(Way way, Family family)
    {
        var service = cluster.Publish("a", "b", "c", "d");
        foreach (var mode in Enum.GetValues<LoadMode>())
        {
            var report = cluster.Probe.Load(new LoadSpec(mode, service.Address(cluster, way, family))
            {
                Count = mode == LoadMode.UdpShared ? 10 : 100,
            });

            cluster.CheckClean(report);
            // A flow stays with its backend: one socket, one backend.
            Assert.Equal(mode == LoadMode.UdpShared ? 1 : 4, report.Names.Count);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_local_backend_sees_the_client_and_a_remote_one_the_node(Way way, Family family)
    {
        var service = cluster.Publish("a", "c");
        var node = way == Way.NodePortOfSecond ? cluster.Second : cluster.First;
        var (local, remote) = node == cluster.First ? ("a", "c") : ("c", "a");
        var client = family == Family.IPv6 ? cluster.Client.IPv6 : cluster.Client.IPv4;

        var report = cluster.Probe.Load(LoadMode.Tcp, service.Address(cluster, way, family), 40);

        Assert.True(report.IsClean, report.Line);
        Assert.Equal(((string[])[$"{local}@{client}", $"{remote}@{node.Address(family)}"]).Order(), report.Names.Keys.Order());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_service_without_endpoints_refuses_at_once(Way way, Family family)
    {
        var service = cluster.Publish();

        var tcp = cluster.Probe.Load(LoadMode.Tcp, service.Address(cluster, way, family), 10);
        // ICMP errors have a limit, six at once to one address: one for each way.
        var udp = cluster.Probe.Load(LoadMode.UdpConnected, service.Address(cluster, way, family), 1);

        Assert.Equal([new("connect/ECONNREFUSED", 10)], tcp.Errors);
        Assert.Equal([new("receive/ECONNREFUSED", 1)], udp.Errors);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Large_datagrams_go_both_ways_in_fragments(Way way, Family family)
    {
        var service = cluster.Publish("a", "c");

        var report = cluster.Probe.Load(
            new LoadSpec(LoadMode.Udp, service.Address(cluster, way, family)) { Count = 40, Bytes = 9000 });

        cluster.CheckClean(report);
        Assert.Equal(2, report.Names.Count);
    }

    [Contract("4", "no placeholder sockets: other ports are the node's own; a process on a NodePort is shadowed, or refused if asked for")]
    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Other_ports_of_a_node_are_its_own(Family family)
    {
        cluster.Publish("a");
        using var server = PodServer.Start(cluster.First.Netns.Place, "host", "30999", "30999", showClient: true);
        var client = family == Family.IPv6 ? cluster.Client.IPv6 : cluster.Client.IPv4;
        var to = family == Family.IPv6 ? $"[{cluster.First.Netns.IPv6}]:30999" : $"{cluster.First.Netns.IPv4}:30999";

        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
            Assert.Equal([$"host@{client}"], cluster.Probe.Load(mode, to, 3).Names.Keys);
    }
}
