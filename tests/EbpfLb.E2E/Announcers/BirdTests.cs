using System.Net.Sockets;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Announcers;

/// <summary>
/// bird on both nodes announces the load balancer addresses to that of the router by BGP, as MetalLB, kube-router, Calico and Cilium do,
/// and the router spreads flows over both nodes by their ports. Each test has a cluster of its own.
/// </summary>
public sealed class BirdTests : IDisposable
{
    /// <summary>A family; the probe has room for 64 single sockets.</summary>
    private const int Held = 30;

    private const string FollowHealth = """
        while sleep 0.1; do
          if curl -fs -o /dev/null http://127.0.0.1:31500/healthz; then verb=enable; else verb=disable; fi
          for service in service4 service6; do birdc -s /run/bird.ctl $verb $service >/dev/null; done
        done
        """;

    private readonly List<Bird> birds = [];
    private TestCluster? cluster;

    [Fact]
    public void Both_nodes_get_new_connections_and_those_of_one_go_on_when_the_other_withdraws()
    {
        cluster = new TestCluster();
        var service = cluster.Publish("a", "c");
        var findings = Findings.Of(cluster);
        Announce(service);
        cluster.AssertServed(service, "ac", "by both nodes");
        cluster.AssertServedInside(service, "ac", "by both nodes");
        var sockets = ((Family[])[Family.IPv4, Family.IPv6]).SelectMany(f => Open(service, f)).ToList();
        Assert.Equal(["n1 IPv4", "n1 IPv6", "n2 IPv4", "n2 IPv6"], sockets.Select(s => $"{s.Via} {s.Family}").Distinct().Order());
        Assert.Equal(findings, Findings.Of(cluster));

        Withdraw(service, 0);

        Assert.All(sockets.Where(s => s.Via == "n2"), s => Assert.True(s.Socket.Request().Ok));
        // n2 knows no flow of n1, as with kube-proxy: it masquerades with another port, or its own backend knows nothing of them.
        Assert.Contains(sockets.Where(s => s.Via == "n1"), s => !s.Socket.Request().Ok);
        cluster.AssertServed(service, "ac", "by the second node");
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
        {
            var report = cluster.Probe.Load(LoadMode.Tcp, service.Address(cluster, Way.LoadBalancerIP, family), Held);
            Assert.Equal(["n2"], report.Names.Keys.Select(Via).Distinct());
        }
    }

    [Fact]
    public void With_maglev_and_direct_return_connections_stay_however_the_router_spreads_them()
    {
        cluster = new TestCluster(new TestClusterOptions { Extra = ["--tunnel", "ipip", "--forwarding", "dsr", "--scheduler", "maglev"] });
        var service = cluster.Publish("a", "c");
        Announce(service);
        Assert.Equal(2 * Held, cluster.Hold("held", service, Way.LoadBalancerIP, Held));
        foreach (var node in (ClusterNode[])[cluster.First, cluster.Second])
            Eventually.True(() => Drops.Count(node, "pkt_untracked") > 0, () => $"flows without entries by {node.Name}{cluster.Report()}");

        foreach (var node in (int[])[0, 1])
        {
            Withdraw(service, node);
            Assert.Equal(2 * Held, cluster.Answered("held"));
            cluster.AssertServed(service, "ac", $"without {node}");
            Assert.Equal(2 * Held, cluster.Answered("held"));
            Announce(service, node);
            Assert.Equal(2 * Held, cluster.Answered("held"));
        }
    }

    /// <summary>What asks the health check node port is a loop of shell, where MetalLB looks at endpoints and load balancers ask.</summary>
    [Fact]
    public void With_policy_Local_the_health_check_node_port_says_which_nodes_announce()
    {
        cluster = new TestCluster();
        var service = cluster.NewService("a", "c");
        var local = service with { Manifest = service.Manifest with { ExternalTrafficPolicy = "Local", HealthCheckNodePort = 31_500 } };
        cluster.Publish(local);
        Announce(local);
        foreach (var bird in birds.Take(2)) bird.Root.StartDaemon("sh", "-c", FollowHealth);
        cluster.AssertServed(local, "ac", "with a backend on each node");

        cluster.Publish(local with { Manifest = local.Manifest with { Endpoints = cluster.Addresses("c", "d") } });
        WaitForRoutes(local, "n2");
        var report = cluster.Probe.Load(LoadMode.Tcp, local.Address(cluster, Way.LoadBalancerIP, Family.IPv4), 40);
        cluster.CheckClean(report);
        Assert.Equal([$"c@{cluster.Client.IPv4}", $"d@{cluster.Client.IPv4}"], report.Names.Keys.Order());

        cluster.Publish(local with { Manifest = local.Manifest with { Endpoints = cluster.Addresses("a") } });
        WaitForRoutes(local, "n1");
        cluster.AssertServed(local, "a", "with a backend on the first node");
    }

    public void Dispose()
    {
        foreach (var bird in birds) bird.Dispose();
        cluster?.Dispose();
    }

    /// <summary>Starts bird on both nodes and the router, and waits until it sends flows to both.</summary>
    private void Announce(OutsideService service)
    {
        Multipath.SpreadByPorts(cluster!.Router.Place);
        foreach (var node in (ClusterNode[])[cluster.First, cluster.Second])
            birds.Add(Bird.Start(node.Netns.Place, BirdConfiguration.OfNode(node, service)));
        birds.Add(Bird.Start(cluster.Router.Place, BirdConfiguration.OfRouter(cluster)));
        WaitForRoutes(service, "n1 n2");
    }

    private void Announce(OutsideService service, int node)
    {
        foreach (var family in "46") birds[node].Command($"enable service{family}");
        WaitForRoutes(service, "n1 n2");
    }

    private void Withdraw(OutsideService service, int node)
    {
        foreach (var family in "46") birds[node].Command($"disable service{family}");
        WaitForRoutes(service, node == 0 ? "n2" : "n1");
    }

    /// <summary>The router's own table has the addresses by these nodes.</summary>
    private void WaitForRoutes(OutsideService service, string nodes)
    {
        foreach (var address in service.Manifest.LoadBalancerIPs)
        {
            Eventually.Get(() => RoutesTo($"{address}"), text => nodes == string.Join(' ', cluster!.Topology.Nodes
                .Where(n => text.Contains(
                    $"via {(address.AddressFamily == AddressFamily.InterNetwork ? n.IPv4 : n.IPv6)} ", StringComparison.Ordinal))
                .Select(n => n.Name)), $"{address} by {nodes}");
        }
    }

    private string RoutesTo(string address)
    {
        var (_, text) = ChildProcess.Run(cluster!.Router.Place, RepositoryPaths.Tool("ip"),
            address.Contains(':', StringComparison.Ordinal) ? "-6" : "-4", "route", "show", "exact", address);
        return text.ReplaceLineEndings(" ");
    }

    private List<(ProbeSocket Socket, Family Family, string Via)> Open(OutsideService service, Family family)
    {
        List<(ProbeSocket, Family, string)> opened = [];
        var to = service.Address(cluster!, Way.LoadBalancerIP, family);
        for (var i = 0; i < Held; i++)
        {
            var socket = cluster!.Probe.Open("tcp", to);
            Assert.True(socket.Connect(to).Ok);
            opened.Add((socket, family, Via(socket.Request()["name"])));
        }
        return opened;
    }

    /// <summary>The node by which an answer came: a backend of its own sees the client, one of the other node sees its address.</summary>
    private string Via(string name)
    {
        var (pod, seen) = (name[0], name[(name.IndexOf('@', StringComparison.Ordinal) + 1)..]);
        var isSeen = seen == $"{cluster!.Client.IPv4}" || seen == $"{cluster.Client.IPv6}";
        return isSeen == (pod == 'a') ? "n1" : "n2";
    }
}
