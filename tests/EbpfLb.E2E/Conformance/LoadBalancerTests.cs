using System.Net;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Conformance;

/// <summary>Services of type LoadBalancer (loadbalancer.go). What a cloud would do, give them their addresses, the test does.</summary>
[Collection(typeof(ConformanceCollection))]
public sealed class LoadBalancerTests(ConformanceCluster lab)
{
    private static readonly string[] All = ["b", "d", "n1", "n2", "client"];
    private readonly TestCluster cluster = lab.Cluster;

    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    [Theory]
    [InlineData(LoadMode.Tcp, Family.IPv4)]
    [InlineData(LoadMode.Tcp, Family.IPv6)]
    [InlineData(LoadMode.UdpConnected, Family.IPv4)]
    [InlineData(LoadMode.UdpConnected, Family.IPv6)]
    public void A_service_changes_its_type_and_ports_is_emptied_and_recovers(LoadMode mode, Family family)
    {
        var balanced = lab.NewService("a", "c");
        var manifest = balanced.Manifest with { ExternalIPs = [] };
        var plain = manifest with
        {
            Type = "ClusterIP", LoadBalancerIPs = [], Ports = [.. manifest.Ports.Select(port => port with { NodePort = 0 })],
        };
        var (clusterIP, nodePort, vip) = (
            To(balanced, Way.ClusterIP, family), To(balanced, Way.NodePortOfFirst, family), To(balanced, Way.LoadBalancerIP, family));

        lab.Manifests.Put(plain);
        lab.Until("a c", clusterIP, mode, All);
        lab.Until("ECONNREFUSED", nodePort, mode, All);

        lab.Manifests.Put(manifest with { Type = "NodePort", LoadBalancerIPs = [] });
        lab.Until("a c", nodePort, mode, All);
        lab.UntilGone(vip, mode, All);

        lab.Manifests.Put(manifest);
        lab.Until("a c", vip, mode, All);

        var moved = manifest with { Ports = [.. manifest.Ports.Select(port => port with { Port = 81, NodePort = port.NodePort + 300 })] };
        lab.Manifests.Put(moved);
        lab.Until("a c", At(vip, 81), mode, All);
        lab.Until("a c", At(nodePort, balanced.NodePort + 300), mode, All);
        lab.Until("ECONNREFUSED", nodePort, mode, All);
        lab.UntilGone(vip, mode, All);

        lab.Manifests.Put(moved with { Endpoints = [] });
        lab.Until("ECONNREFUSED", At(vip, 81), mode, All);
        lab.Until("ECONNREFUSED", At(nodePort, balanced.NodePort + 300), mode, All);
        lab.Manifests.Put(moved with { Endpoints = cluster.Addresses("b") });
        lab.Until("b", At(vip, 81), mode, All);

        lab.Manifests.Put(plain);
        lab.Until("a c", clusterIP, mode, All);
        lab.Until("ECONNREFUSED", At(nodePort, balanced.NodePort + 300), mode, All);
        lab.UntilGone(At(vip, 81), mode, All);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Source_ranges_may_be_edited(Family family)
    {
        var length = family == Family.IPv6 ? 128 : 32;
        var client = $"{(family == Family.IPv6 ? cluster.Client.IPv6 : cluster.Client.IPv4)}/{length}";
        var pod = $"{(family == Family.IPv6 ? cluster.Pod("b").IPv6 : cluster.Pod("b").IPv4)}/{length}";
        var service = lab.Publish(["a", "c"], manifest => manifest with { SourceRanges = [client] });
        var vip = To(service, Way.LoadBalancerIP, family);

        lab.Until("a c", vip, LoadMode.Tcp, "client");
        lab.Until("ETIMEDOUT", vip, LoadMode.Tcp, "b", "d", "n1");

        lab.Manifests.Put(service.Manifest with { SourceRanges = [pod] });
        lab.Until("a c", vip, LoadMode.Tcp, "b");
        lab.Until("ETIMEDOUT", vip, LoadMode.Tcp, "client", "d", "n1");

        lab.Manifests.Put(service.Manifest with { SourceRanges = [client, pod] });
        lab.Until("a c", vip, LoadMode.Tcp, "client", "b");
        lab.Until("ETIMEDOUT", vip, LoadMode.Tcp, "d", "n1");

        lab.Manifests.Put(service.Manifest with { SourceRanges = [] });
        lab.Until("a c", vip, LoadMode.Tcp, All);
    }

    [Theory]
    [InlineData("Cluster", Family.IPv4)]
    [InlineData("Cluster", Family.IPv6)]
    [InlineData("Local", Family.IPv4)]
    [InlineData("Local", Family.IPv6)]
    public void Affinity_can_be_switched_at_a_VIP(string policy, Family family)
    {
        var service = lab.Publish(["a", "b"], manifest => manifest with { ExternalTrafficPolicy = policy });
        var vip = To(service, Way.LoadBalancerIP, family);
        lab.Until("a b", vip, LoadMode.Tcp, "client", "d");

        // One backend for sixty requests: by chance that happens never.
        lab.Manifests.Put(service.Manifest with { AffinitySeconds = 600 });
        foreach (var who in (string[])["client", "d"])
        {
            var chosen = Eventually.Get(() => lab.Ask(who, vip), answer => answer is "a" or "b", "one backend");
            Assert.Equal(chosen, lab.Ask(who, vip));
        }

        lab.Manifests.Put(service.Manifest);
        lab.Until("a b", vip, LoadMode.Tcp, "client", "d");
    }

    [Theory]
    [InlineData("a", "b", Family.IPv4)]
    [InlineData("a", "b", Family.IPv6)]
    [InlineData("a", "c", Family.IPv4)]
    [InlineData("a", "c", Family.IPv6)]
    [InlineData("c", "d", Family.IPv4)]
    public void A_UDP_flow_moves_when_its_pod_is_replaced(string first, string second, Family family)
    {
        var service = lab.Publish([first]);
        var to = To(service, Way.LoadBalancerIP, family);
        var socket = cluster.Probe.Open("udp", to, "timeout=300");
        Assert.True(socket.Connect(to).Ok);
        var number = 0;
        bool Reaches(string name) => socket.Send(++number).Ok && socket.Receive(number)["name"].Split('@')[0] == name;
        Eventually.True(() => Reaches(first), $"{first} to answer");

        foreach (var now in (string[])[second, first])
        {
            lab.Manifests.Put(service.Manifest with { Endpoints = cluster.Addresses(now) });
            Eventually.True(() => Reaches(now), $"the flow to move to {now}");
        }
        socket.Close();
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Without_a_NodePort_the_VIP_serves_and_a_NodePort_may_come_later(Family family)
    {
        var service = lab.Publish(
            ["a", "c"], manifest => manifest with { Ports = [.. manifest.Ports.Select(port => port with { NodePort = 0 })] });
        var wanted = lab.NewService().NodePort;
        var nodePort = new IPEndPoint(IPAddress.Parse(cluster.First.Address(family)), wanted).ToString();

        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
        {
            lab.Until("a c", To(service, Way.LoadBalancerIP, family), mode, All);
            lab.Until("ECONNREFUSED", nodePort, mode, All);
        }
        lab.Manifests.Put(service.Manifest with { Ports = [.. service.Manifest.Ports.Select(port => port with { NodePort = wanted })] });
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
        {
            lab.Until("a c", nodePort, mode, All);
            lab.Until("a c", To(service, Way.LoadBalancerIP, family), mode, All);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Under_a_Local_policy_a_pod_reaches_all_endpoints_with_its_own_address(Family family)
    {
        var service = lab.Publish(["b", "c"], manifest => manifest with { ExternalTrafficPolicy = "Local" });
        var address = family == Family.IPv6 ? cluster.Pod("a").IPv6 : cluster.Pod("a").IPv4;

        foreach (var way in (Way[])[Way.LoadBalancerIP, Way.ExternalIP, Way.NodePortOfFirst])
            Assert.Equal($"b@{address} c@{address}", lab.Ask("a", To(service, way, family), isAddressShown: true));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_external_policy_may_be_switched_and_back(Family family)
    {
        var service = lab.Publish(["a"]);
        var client = family == Family.IPv6 ? cluster.Client.IPv6 : cluster.Client.IPv4;
        var (here, there) = (To(service, Way.NodePortOfFirst, family), To(service, Way.NodePortOfSecond, family));
        Assert.Equal($"a@{cluster.Second.Address(family)}", lab.Ask("client", there, isAddressShown: true));

        lab.Manifests.Put(service.Manifest with { ExternalTrafficPolicy = "Local" });
        lab.Until("ETIMEDOUT", there, LoadMode.Tcp, "client");
        Assert.Equal($"a@{client}", lab.Ask("client", here, isAddressShown: true));

        lab.Manifests.Put(service.Manifest);
        lab.Until("a", there, LoadMode.Tcp, "client");
        Assert.Equal($"a@{cluster.Second.Address(family)}", lab.Ask("client", there, isAddressShown: true));
    }

    private static string At(string endpoint, int port) => new IPEndPoint(IPEndPoint.Parse(endpoint).Address, port).ToString();

    private string To(OutsideService service, Way way, Family family) => service.Address(cluster, way, family);
}
