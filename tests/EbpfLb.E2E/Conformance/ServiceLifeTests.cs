using System.Net;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Conformance;

/// <summary>Services and their ports come, change, go and come again (service.go); all who can ask see it, and nobody else does.</summary>
[Collection(typeof(ConformanceCollection))]
public sealed class ServiceLifeTests(ConformanceCluster lab)
{
    private static readonly string[] All = ["b", "d", "n1", "n2", "client"];
    private readonly TestCluster cluster = lab.Cluster;

    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    [Theory]
    [MemberData(nameof(Families))]
    public void A_port_that_is_added_answers_and_a_deleted_one_does_not(Family family)
    {
        var service = lab.Publish(["a", "c"]);
        var (old, added) = (service.Address(cluster, Way.ClusterIP, family), At(service, Way.ClusterIP, family, 81));
        var steady = lab.Probe("b").Start(new LoadSpec(LoadMode.Tcp, old) { Rate = 200 });
        PortManifest more = new("more", "TCP", 81, service.Manifest.Ports[0].TargetPort) { NodePort = service.NodePort + 400 };

        lab.Manifests.Put(service.Manifest with { Ports = [.. service.Manifest.Ports, more] });
        lab.Until("a c", added, LoadMode.Tcp, All);
        lab.Until("a c", NodePort(family, more.NodePort), LoadMode.Tcp, All);
        var report = steady.Stop();
        Assert.True(report.IsClean, report.Line);

        lab.Manifests.Put(service.Manifest with { Ports = [more] });
        lab.UntilGone(old, LoadMode.Tcp, All);
        lab.UntilGone(service.Address(cluster, Way.NodePortOfFirst, family), LoadMode.Tcp, All);
        lab.UntilGone(old, LoadMode.UdpConnected, All);
        lab.Until("a c", added, LoadMode.Tcp, All);
    }

    [Fact]
    public void Services_come_and_go_and_the_others_serve_on()
    {
        var (first, second) = (lab.Publish(["a", "c"]), lab.Publish(["b", "d"]));
        var kept = second.Address(cluster, Way.ClusterIP, Family.IPv4);
        var loads = new[] { "b", "n2", "client" }.Select(who
            => lab.Probe(who).Start(new LoadSpec(LoadMode.Tcp, kept) { Rate = 200 })).ToArray();

        lab.Manifests.Remove(first.Manifest.Name);
        lab.UntilGone(first.Address(cluster, Way.ClusterIP, Family.IPv4), LoadMode.Tcp, "a", "d", "n1");
        var third = lab.Publish(["a", "d"]);
        lab.Until("a d", third.Address(cluster, Way.ClusterIP, Family.IPv4), LoadMode.Tcp, "a", "d", "n1");

        foreach (var report in loads.Select(load => load.Stop()))
        {
            Assert.True(report.IsClean, report.Line);
            Assert.Equal(2, report.Names.Keys.Select(name => name[0]).Distinct().Count());
        }
        lab.UntilGone(first.Address(cluster, Way.ClusterIP, Family.IPv4), LoadMode.Tcp, "c", "n2", "client");
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_service_that_is_made_anew_answers_at_its_new_address(Family family)
    {
        var (service, spare) = (lab.Publish(["a"]), lab.NewService("c"));
        lab.Manifests.Remove(service.Manifest.Name);
        lab.UntilGone(service.Address(cluster, Way.ClusterIP, family), LoadMode.Tcp, All);

        lab.Manifests.Put(spare.Manifest with { Name = service.Manifest.Name });

        lab.Until("c", spare.Address(cluster, Way.ClusterIP, family), LoadMode.Tcp, All);
        lab.UntilGone(service.Address(cluster, Way.ClusterIP, family), LoadMode.Tcp, All);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_service_becomes_a_NodePort_of_one_number_for_both_protocols(Family family)
    {
        var service = lab.Publish(["a", "c"], Plain);
        var port = service.Manifest.Ports[0].NodePort;
        Assert.Equal(0, port);
        var wanted = lab.NewService("a", "c").Manifest.Ports[0].NodePort;

        lab.Manifests.Put(service.Manifest with
        {
            Type = "NodePort", Ports = [service.Manifest.Ports[0] with { NodePort = wanted }, service.Manifest.Ports[1]],
        });
        lab.Until("a c", NodePort(family, wanted), LoadMode.Tcp, All);
        lab.UntilGone(NodePort(family, wanted), LoadMode.UdpConnected, All);

        lab.Manifests.Put(
            service.Manifest with { Type = "NodePort", Ports = [.. service.Manifest.Ports.Select(p => p with { NodePort = wanted })] });
        lab.Until("a c", NodePort(family, wanted), LoadMode.UdpConnected, All);
        lab.Until("a c", NodePort(family, wanted), LoadMode.Tcp, All);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_deleted_NodePort_is_refused_and_may_be_used_again(Family family)
    {
        var service = lab.Publish(["a"]);
        var to = service.Address(cluster, Way.NodePortOfFirst, family);
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
            lab.Until("a", to, mode, All);

        lab.Manifests.Remove(service.Manifest.Name);
        // Now the node itself answers.
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
            lab.Until("ECONNREFUSED", to, mode, All);

        var other = lab.NewService("c");
        lab.Manifests.Put(other.Manifest with { Ports = service.Manifest.Ports });
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
            lab.Until("c", to, mode, All);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_NodePort_that_is_taken_back_is_refused_and_the_ClusterIP_serves_on(Family family)
    {
        var service = lab.Publish(["a", "c"], manifest => Plain(manifest) with { Type = "NodePort", Ports = manifest.Ports });
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
            lab.Until("a c", NodePort(family, service.NodePort), mode, All);

        lab.Manifests.Put(Plain(service.Manifest));

        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
        {
            lab.Until("ECONNREFUSED", NodePort(family, service.NodePort), mode, All);
            lab.Until("a c", service.Address(cluster, Way.ClusterIP, family), mode, All);
        }
    }

    [Theory]
    [InlineData("ClusterIP", Family.IPv4)]
    [InlineData("ClusterIP", Family.IPv6)]
    [InlineData("LoadBalancer", Family.IPv4)]
    [InlineData("LoadBalancer", Family.IPv6)]
    public void One_number_serves_two_protocols_and_one_may_go(string type, Family family)
    {
        var service = lab.Publish(["a", "c"], manifest => type == "ClusterIP" ? Plain(manifest) : manifest);
        var to = service.Address(cluster, Way.ClusterIP, family);
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
            lab.Until("a c", to, mode, All);

        lab.Manifests.Put(service.Manifest with { Ports = [service.Manifest.Ports[1]] });

        lab.UntilGone(to, LoadMode.Tcp, All);
        lab.Until("a c", to, LoadMode.UdpConnected, All);
        Assert.Equal("a c", lab.Ask("b", to, LoadMode.Udp));
    }

    /// <summary>Nothing but a ClusterIP.</summary>
    private static ServiceManifest Plain(ServiceManifest manifest) => manifest with
    {
        Type = "ClusterIP",
        ExternalIPs = [],
        LoadBalancerIPs = [],
        Ports = [.. manifest.Ports.Select(port => port with { NodePort = 0 })],
    };

    private string NodePort(Family family, int port) => new IPEndPoint(IPAddress.Parse(cluster.First.Address(family)), port).ToString();

    private string At(OutsideService service, Way way, Family family, int port) =>
        new IPEndPoint(IPEndPoint.Parse(service.Address(cluster, way, family)).Address, port).ToString();
}
