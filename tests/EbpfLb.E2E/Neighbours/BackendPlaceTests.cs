using System.Net;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Neighbours;

/// <summary>
/// Backends of the node that are not behind a device of their own: the node itself without its name, and pods on the wire beside its
/// uplink. Each test has a cluster of its own.
/// </summary>
public sealed class BackendPlaceTests : IDisposable
{
    private readonly TestCluster cluster = new();

    private static readonly Way[] Ways = [Way.NodePortOfFirst, Way.NodePortOfSecond, Way.ExternalIP, Way.LoadBalancerIP, Way.ClusterIP];

    /// <summary>As endpoints of default/kubernetes and of hand-made slices.</summary>
    [Fact]
    public void The_node_itself_serves_though_no_slice_names_it()
    {
        using var server = PodServer.Start(cluster.First.Netns.Place, "node", "8088", "8088");
        var service = Publish([cluster.First.Netns.IPv4, cluster.First.Netns.IPv6], port: 8088, node: null);

        AssertServed(service, "node");
    }

    /// <summary>An SR-IOV pod, or one on a bridge that the uplink is a port of: it has a place at the switch of its own.</summary>
    [Fact]
    public void A_pod_with_a_place_at_the_switch_serves_though_it_answers_past_the_node()
    {
        using var pod = ScratchNetns.Create();
        cluster.Router.Configure($"link add vf0 type veth peer name eth0 netns {pod.Name}", "link set vf0 master nodes", "link set vf0 up");

        AssertServedOnWire(pod, 71);
    }

    /// <summary>Its parent reaches it by a switch that sends frames back where they came from (VEPA).</summary>
    [Fact]
    public void A_macvlan_pod_serves_where_the_switch_lets_its_node_reach_it()
    {
        using var pod = ScratchNetns.Create();
        cluster.Router.Configure($"link set {cluster.First.Name} type bridge_slave hairpin on");
        cluster.First.Netns.Configure("link add link eth0 name mv0 type macvlan mode vepa", $"link set mv0 netns {pod.Name} name eth0");

        AssertServedOnWire(pod, 72);
    }

    public void Dispose() => cluster.Dispose();

    private void AssertServedOnWire(ScratchNetns pod, int number)
    {
        var (four, six) = (IPAddress.Parse($"172.18.0.{number}"), IPAddress.Parse($"fd00:172:18::{number}"));
        pod.Configure(
            "link set eth0 up", $"addr add {four}/24 dev eth0", $"addr add {six}/64 dev eth0 nodad",
            "route add default via 172.18.0.254", "route add default via fd00:172:18::fe",
            // The router knows no pods.
            $"route add 10.244.0.0/24 via {cluster.First.Netns.IPv4}", $"route add fd00:10:244::/64 via {cluster.First.Netns.IPv6}");
        using var server = PodServer.Start(new ProcessPlace(pod.Path, null), "wire", $"{TestNode.TargetPort}", $"{TestNode.TargetPort}");

        var service = Publish([four, six], TestNode.TargetPort, cluster.First.Name);

        AssertServed(service, "wire");
        var (code, text) = cluster.First.Agent.Command(
            "explain", "--from", cluster.Client.IPv4.ToString(), "--to", service.Address(cluster, Way.NodePortOfFirst, Family.IPv4));
        Assert.True(code == 0, text);
        Assert.Contains("masquerade", text);
    }

    private OutsideService Publish(IPAddress[] endpoints, int port, string? node)
    {
        var service = cluster.NewService();
        return cluster.Publish(service with
        {
            Manifest = service.Manifest with
            {
                Endpoints = endpoints,
                Ports = [.. service.Manifest.Ports.Select(p => p with { TargetPort = port })],
                NodeOf = _ => node,
            },
        });
    }

    private void AssertServed(OutsideService service, string name)
    {
        using var inPod = NetProbe.Start(cluster.Pod("b").Place);
        foreach (var family in new[] { Family.IPv4, Family.IPv6 })
        {
            foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
            {
                foreach (var way in Ways)
                    AssertServed(cluster.Probe, mode, service.Address(cluster, way, family), name, $"{way} from outside");
                AssertServed(inPod, mode, service.Address(cluster, Way.ClusterIP, family), name, "a pod");
            }
        }
    }

    private void AssertServed(NetProbe probe, LoadMode mode, string to, string name, string who)
    {
        var report = probe.Load(new LoadSpec(mode, to) { Count = 20, Timeout = TimeSpan.FromSeconds(2) });
        Assert.True(report.IsClean && report.By(name) == 20, $"{mode} {who} {to}: {report.Line}\n{cluster.Report()}");
    }
}
