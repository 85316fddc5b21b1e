using System.Net;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Conformance;

/// <summary>Traffic that has to stay on its node, and endpoints that serve while they end (service.go).</summary>
[Collection(typeof(ConformanceCollection))]
public sealed class LocalTrafficTests(ConformanceCluster lab)
{
    private readonly TestCluster cluster = lab.Cluster;

    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    public static TheoryData<Family, bool> EndpointKinds { get; } = new(
        from family in ConformanceCluster.Families
        from isHostNetwork in (bool[])[false, true]
        select (family, isHostNetwork));

    [Contract("5.2", "note 10: hostNetwork pods are the node")]
    [Theory]
    [MemberData(nameof(EndpointKinds))]
    public void Inside_only_the_endpoint_of_the_own_node_serves(Family family, bool isHostNetwork)
    {
        const int port = 8082;
        var node = cluster.First.Netns;
        using var host = PodServer.Start(node.Place, "a", $"{port}", $"{port}", showClient: true);
        var service = lab.Publish(["a"], manifest => manifest with
        {
            InternalTrafficPolicy = "Local",
            Ports = [.. manifest.Ports.Select(p => isHostNetwork ? p with { TargetPort = port } : p)],
            Endpoints = isHostNetwork ? [node.IPv4, node.IPv6] : manifest.Endpoints,
            NodeOf = _ => node.Name,
        });
        var to = service.Address(cluster, Way.ClusterIP, family);

        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
        {
            // Pods, and processes of the node as a pod with hostNetwork has them.
            foreach (var who in (string[])["a", "b", "n1"])
                Assert.Equal((who, mode, "a"), (who, mode, lab.Ask(who, to, mode)));
            foreach (var who in (string[])["c", "d", "n2"])
                Assert.Equal((who, mode, "ETIMEDOUT"), (who, mode, lab.Ask(who, to, mode)));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Without_a_ready_endpoint_those_that_end_serve(Family family)
    {
        var service = lab.Publish([],
            manifest => manifest with { TerminatingEndpoints = cluster.Addresses("a", "c"), UnreadyEndpoints = cluster.Addresses("b") });

        foreach (var way in Enum.GetValues<Way>())
            lab.Until("a c", service.Address(cluster, way, family), LoadMode.Tcp, "b", "d", "n1", "n2", "client");

        lab.Manifests.Put(service.Manifest with { Endpoints = cluster.Addresses("d") });
        foreach (var way in Enum.GetValues<Way>())
            lab.Until("d", service.Address(cluster, way, family), LoadMode.Tcp, "b", "d", "n1", "n2", "client");
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Inside_without_a_ready_endpoint_those_that_end_here_serve(Family family)
    {
        var service = lab.Publish(
            [], manifest => manifest with { InternalTrafficPolicy = "Local", TerminatingEndpoints = cluster.Addresses("a") });
        var to = service.Address(cluster, Way.ClusterIP, family);

        lab.Until("a", to, LoadMode.Tcp, "a", "b", "n1");
        lab.Until("ETIMEDOUT", to, LoadMode.Tcp, "c", "d", "n2");

        // A ready one elsewhere is of no use to those here.
        lab.Manifests.Put(service.Manifest with { Endpoints = cluster.Addresses("c") });
        lab.Until("c", to, LoadMode.Tcp, "c", "d", "n2");
        lab.Until("a", to, LoadMode.Tcp, "a", "b", "n1");
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void From_outside_without_a_ready_endpoint_those_that_end_here_serve(Family family)
    {
        var service = lab.Publish(
            [], manifest => manifest with { ExternalTrafficPolicy = "Local", TerminatingEndpoints = cluster.Addresses("a") });
        var (here, there) = (service.Address(cluster, Way.NodePortOfFirst, family), service.Address(cluster, Way.NodePortOfSecond, family));

        lab.Until("a", here, LoadMode.Tcp, "client", "b", "n1");
        lab.Until("a", service.Address(cluster, Way.LoadBalancerIP, family), LoadMode.Tcp, "client", "d", "n2");
        Assert.Equal("ETIMEDOUT", lab.Ask("client", there));
        // To the pods and the node there it is as if the policy were Cluster.
        lab.Until("a", there, LoadMode.Tcp, "d", "n2");
    }

    [Theory]
    [InlineData("b")]
    [InlineData("n1")]
    public void A_UDP_socket_moves_to_another_endpoint_of_its_node(string who)
    {
        foreach (var family in ConformanceCluster.Families)
        {
            var (first, second) = who == "b" ? ("a", "b") : ("b", "a");
            var service = lab.Publish([first], manifest => manifest with { InternalTrafficPolicy = "Local" });
            var to = service.Address(cluster, Way.ClusterIP, family);
            var socket = lab.Probe(who).Open("udp", to, "timeout=300");
            var number = 0;
            bool Reaches(string name) => socket.Send(++number, to).Ok && socket.Receive(number)["name"].Split('@')[0] == name;
            Eventually.True(() => Reaches(first), $"{first} to answer");

            lab.Manifests.Put(service.Manifest with { Endpoints = cluster.Addresses(second, "c") });

            Eventually.True(() => Reaches(second), "the same socket to reach the other");
            socket.Close();
        }
    }

    [Contract("4.1", "loopback affinity there: sticky")]
    [Fact]
    public void On_the_loopback_address_a_client_with_affinity_keeps_its_endpoint()
    {
        var services = Enumerable.Range(0, 6).Select(_
            => lab.Publish(["a", "b", "c", "d"], manifest => manifest with { AffinitySeconds = 600 })).ToArray();

        // Each holds for 120 more requests.
        foreach (var to in services.Select(service => new IPEndPoint(IPAddress.Loopback, service.NodePort).ToString()))
        {
            var chosen = lab.Ask("n1", to);
            Assert.Equal(1, chosen.Length);
            for (var i = 0; i < 2; i++)
                Assert.Equal(chosen, lab.Ask("n1", to));
        }
    }
}
