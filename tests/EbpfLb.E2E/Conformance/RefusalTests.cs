using System.Text.Json.Nodes;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Conformance;

/// <summary>Services without endpoints, and endpoints that are there but not ready (service.go).</summary>
[Collection(typeof(ConformanceCollection))]
public sealed class RefusalTests(ConformanceCluster lab)
{
    private static readonly string[] Inside = ["b", "d", "n1", "n2"];
    private readonly TestCluster cluster = lab.Cluster;

    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    [Contract("8", "no usable endpoint anywhere: refused at every kind of address, whatever the policy")]
    [Theory]
    [MemberData(nameof(Families))]
    public void A_service_without_endpoints_refuses_pods_and_nodes(Family family)
    {
        var service = lab.Publish([]);

        foreach (var who in Inside)
        {
            foreach (var way in Enum.GetValues<Way>())
            {
                foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
                    Assert.Equal(
                        (who, way, mode, "ECONNREFUSED"), (who, way, mode, lab.Ask(who, service.Address(cluster, way, family), mode)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void When_the_only_endpoint_is_evicted_pods_and_nodes_are_refused(Family family)
    {
        var service = lab.Publish(["a"]);
        Way[] ways = [Way.ClusterIP, Way.NodePortOfFirst, Way.NodePortOfSecond];
        foreach (var way in ways)
            lab.Until("a", service.Address(cluster, way, family), LoadMode.Tcp, Inside);

        // The pod is there and listens; its endpoint is not.
        lab.Manifests.Put(service.Manifest with { Endpoints = [] });

        foreach (var way in ways)
        {
            foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
                lab.Until("ECONNREFUSED", service.Address(cluster, way, family), mode, [.. Inside, "a", "client"]);
        }
    }

    [Theory]
    [InlineData(true, Family.IPv4)]
    [InlineData(true, Family.IPv6)]
    [InlineData(false, Family.IPv4)]
    [InlineData(false, Family.IPv6)]
    public void Endpoints_that_are_published_though_not_ready_are_reached(bool isTerminating, Family family)
    {
        var service = lab.Publish([]);
        // So the controller writes endpoints of a Service with publishNotReadyAddresses whose pod is not ready.
        PutConditions(service, ["a", "c"], new JsonObject { ["ready"] = true, ["serving"] = false, ["terminating"] = isTerminating });

        foreach (var way in (Way[])[Way.ClusterIP, Way.NodePortOfFirst, Way.NodePortOfSecond])
            lab.Until("a c", service.Address(cluster, way, family), LoadMode.Tcp, Inside);
    }

    [Theory]
    [InlineData(true, Family.IPv4)]
    [InlineData(true, Family.IPv6)]
    [InlineData(false, Family.IPv4)]
    [InlineData(false, Family.IPv6)]
    public void Endpoints_that_end_and_do_not_serve_are_refused(bool isTerminating, Family family)
    {
        var service = lab.Publish(["a", "c"]);
        foreach (var way in (Way[])[Way.ClusterIP, Way.NodePortOfFirst, Way.NodePortOfSecond])
            lab.Until("a c", service.Address(cluster, way, family), LoadMode.Tcp, Inside);

        PutConditions(service, ["a", "c"], new JsonObject { ["ready"] = false, ["serving"] = false, ["terminating"] = isTerminating });

        foreach (var way in (Way[])[Way.ClusterIP, Way.NodePortOfFirst, Way.NodePortOfSecond])
            lab.Until("ECONNREFUSED", service.Address(cluster, way, family), LoadMode.Tcp, Inside);
    }

    [Contract(
        "12",
        "flows from before there was an endpoint, or a service: served when one comes; a connected socket is ended then, whatever "
        + "frontend it asked")]
    [Theory]
    [InlineData("b", Way.ClusterIP)]
    [InlineData("n1", Way.ClusterIP)]
    [InlineData("n1", Way.NodePortOfFirst)]
    [InlineData("client", Way.NodePortOfFirst)]
    [InlineData("client", Way.LoadBalancerIP)]
    public void A_UDP_client_that_began_before_there_was_an_endpoint_is_served_when_one_is_ready(string who, Way way)
    {
        foreach (var family in ConformanceCluster.Families)
        {
            var service = lab.Publish([], manifest => manifest with { UnreadyEndpoints = cluster.Addresses("a") });
            var to = service.Address(cluster, way, family);
            var socket = lab.Probe(who).Open("udp", to, "timeout=300");
            socket.Send(1, to);
            Assert.NotEqual("a", Name(socket.Receive(1)));

            lab.Manifests.Put(service.Manifest with { Endpoints = cluster.Addresses("a"), UnreadyEndpoints = [] });

            var number = 1;
            Eventually.True(() => socket.Send(++number, to).Ok && Name(socket.Receive(number)) == "a", "the same socket to be served");
            socket.Close();
        }
    }

    private static string Name(ProbeAnswer answer) => answer["name"].Split('@')[0];

    private void PutConditions(OutsideService service, string[] pods, JsonObject conditions)
    {
        var objects = (service.Manifest with { Endpoints = cluster.Addresses(pods) }).Objects;
        foreach (var endpoint in objects.Skip(1).SelectMany(slice => slice["endpoints"]!.AsArray()))
            endpoint!["conditions"] = conditions.DeepClone();
        lab.Put(service.Manifest.Name, objects);
    }
}
