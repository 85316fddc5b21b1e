using System.Net;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Conformance;

/// <summary>Who reaches what (networking.go): pods, nodes and endpoints, by every kind of address, in both families.</summary>
[Collection(typeof(ConformanceCollection))]
public sealed class GranularTests(ConformanceCluster lab)
{
    private readonly TestCluster cluster = lab.Cluster;

    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    public static TheoryData<Way, Family> Ways => FrontendTests.Ways();

    [Contract("4", "external addresses from a pod or the node: answered here")]
    [Theory]
    [MemberData(nameof(Ways))]
    public void Pods_nodes_and_endpoints_reach_all_endpoints_by_every_way(Way way, Family family)
    {
        // b and d are pods without an endpoint of their own, a and c are endpoints.
        var service = lab.Publish(["a", "c"]);
        var to = service.Address(cluster, way, family);

        foreach (var who in (string[])["b", "d", "n1", "n2", "a", "c"])
        {
            foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected, LoadMode.Udp])
                Assert.Equal((who, mode, "a c"), (who, mode, lab.Ask(who, to, mode)));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Through_a_ClusterIP_a_pod_is_seen_by_its_own_address(Family family)
    {
        var to = lab.Publish(["a", "c"]).Address(cluster, Way.ClusterIP, family);

        foreach (var who in (string[])["b", "d"])
        {
            var address = AddressOf(who, family);
            foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected, LoadMode.Udp])
                Assert.Equal($"a@{address} c@{address}", lab.Ask(who, to, mode, isAddressShown: true));
        }
    }

    [Contract("5.2", "note 8: hairpin: always SNAT")]
    [Theory]
    [MemberData(nameof(Ways))]
    public void A_pod_that_is_the_only_endpoint_reaches_itself(Way way, Family family)
    {
        var to = lab.Publish(["a"]).Address(cluster, way, family);

        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected, LoadMode.Udp])
            Assert.Equal((mode, "a"), (mode, lab.Ask("a", to, mode)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Pods_and_nodes_reach_pods_directly_and_see_their_own_addresses(Family family)
    {
        // Endpoints of a service, so that their replies could be taken for those of the service.
        var service = lab.Publish(["a", "b", "c", "d"]);

        foreach (var who in (string[])["a", "b", "c", "d", "n1", "n2"])
        {
            foreach (var pod in (string[])["a", "b", "c", "d"])
            {
                var to = new IPEndPoint(AddressOf(pod, family), service.Manifest.Ports[0].TargetPort).ToString();
                foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
                    Assert.Equal((who, pod, mode, $"{pod}@{AddressOf(who, family)}"),
                        (who, pod, mode, lab.Ask(who, to, mode, isAddressShown: true)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Two_services_of_the_same_endpoints_are_both_served(Family family)
    {
        var first = lab.Publish(["a", "c"]);
        var second = lab.Publish(["a", "c"]);

        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
        {
            foreach (var service in (OutsideService[])[first, second])
                Assert.Equal((mode, "a c"), (mode, lab.Ask("a", service.Address(cluster, Way.ClusterIP, family), mode)));
        }
        lab.Manifests.Remove(first.Manifest.Name);
        lab.UntilGone(first.Address(cluster, Way.ClusterIP, family), LoadMode.Tcp, "a");
        Assert.Equal("a c", lab.Ask("a", second.Address(cluster, Way.ClusterIP, family)));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Large_requests_of_a_pod_are_answered(Way way, Family family)
    {
        var to = lab.Publish(["a", "c"]).Address(cluster, way, family);

        foreach (var who in (string[])["b", "n1", "a"])
        {
            var report = lab.Probe(who).Load(new LoadSpec(LoadMode.Udp, to) { Count = 30, Bytes = 9000 });

            Assert.True(report.IsClean, $"{who}: {report.Line}");
            Assert.Equal(2_000_000, lab.Probe(who).Do($"bulk to={to} up=1000000 down=1000000 timeout=20000").Number("bytes"));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Endpoints_that_use_the_network_of_their_node_are_reached(Family family)
    {
        var ways = Enum.GetValues<Way>();
        var ports = $"9100-{9100 + ways.Length}";
        using var here = PodServer.Start(cluster.First.Netns.Place, "h1", ports, ports, showClient: true);
        using var there = PodServer.Start(cluster.Second.Netns.Place, "h2", ports, ports, showClient: true);
        var nodes = new[] { cluster.First.Netns, cluster.Second.Netns };
        foreach (var way in ways)
        {
            var service = lab.Publish([], manifest => manifest with
            {
                Ports = [.. manifest.Ports.Select(p => p with { TargetPort = 9100 + (int)way })],
                Endpoints = [.. nodes.SelectMany(node => new[] { node.IPv4, node.IPv6 })],
                NodeOf = address => nodes.First(node => node.IPv4.Equals(address) || node.IPv6.Equals(address)).Name,
            });
            foreach (var who in (string[])["a", "c", "n1", "n2", "client"])
            {
                foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
                    Assert.Equal((who, way, mode, "h1 h2"), (who, way, mode, lab.Ask(who, service.Address(cluster, way, family), mode)));
            }
        }
    }

    private IPAddress AddressOf(string who, Family family)
    {
        var node = who == "n1" ? cluster.First.Netns : who == "n2" ? cluster.Second.Netns : null;
        if (node is not null) return family == Family.IPv6 ? node.IPv6 : node.IPv4;
        var pod = cluster.Pod(who);
        return family == Family.IPv6 ? pod.IPv6 : pod.IPv4;
    }
}
