using System.Globalization;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Announcers;

/// <summary>
/// The first node has two ways to the router, which bird spreads flows over (ECMP) together with dozens of other routes: towards clients
/// and towards backends of the other node. One goes away and comes back while connections are held.
/// </summary>
public sealed class UplinkTests : IDisposable
{
    private const int Held = 30;

    private readonly TestCluster cluster = new();
    private readonly List<Bird> birds = [];

    [Fact]
    public void Masqueraded_flows_and_answers_follow_the_routes_that_bird_writes()
    {
        var service = Prepare();
        var findings = Findings.Of(cluster);
        birds.Add(Bird.Start(cluster.Router.Place, BirdConfiguration.OfRouterWithRoutes(cluster)));
        birds.Add(Bird.Start(cluster.First.Netns.Place, BirdConfiguration.OfNodeWithUplinks(cluster.First, service)));
        WaitForWays(both: true);
        // Those that the nodes of tests have from the beginning come before bird's.
        cluster.First.Netns.Configure(
            $"route del default via {RouterNetns.GatewayV4}", $"route del default via {RouterNetns.GatewayV6} metric 1024",
            $"route del {Pods4} via {cluster.Second.Netns.IPv4}", $"route del {Pods6} via {cluster.Second.Netns.IPv6} metric 1024");

        AssertHeldThroughFlaps(service, () => WaitForWays(both: false), () => WaitForWays(both: true));

        Assert.Equal(findings, Findings.Of(cluster));
    }

    /// <param name="compat">net.ipv4.nexthop_compat_mode: with 0 the kernel names no devices in routes of such objects.</param>
    [Theory]
    [InlineData("1")]
    [InlineData("0")]
    public void They_follow_routes_of_nexthop_objects(string compat)
    {
        var (first, service) = (cluster.First.Netns, Prepare());
        NetnsThread.Run(first.Place.NetnsPath!, () => File.WriteAllText("/proc/sys/net/ipv4/nexthop_compat_mode", compat));
        cluster.Router.Configure($"route add {BirdConfiguration.SecondOfNode4} via {first.IPv4}",
            $"route add {BirdConfiguration.SecondOfNode6} via {first.IPv6}");
        first.Configure(
            $"nexthop add id 41 via {RouterNetns.GatewayV4} dev eth0",
            $"nexthop add id 42 via {BirdConfiguration.SecondGateway4} dev eth1",
            $"nexthop add id 61 via {RouterNetns.GatewayV6} dev eth0", $"nexthop add id 62 via {BirdConfiguration.SecondGateway6} dev eth1",
            "nexthop add id 4 group 41/42", "nexthop add id 6 group 61/62",
            "route replace default nhid 4", $"route replace {Pods4} nhid 4",
            $"route del default via {RouterNetns.GatewayV6}", $"route del {Pods6} via {cluster.Second.Netns.IPv6}",
            "route add ::/0 nhid 6", $"route add {Pods6} nhid 6");
        var findings = Findings.Of(cluster);

        AssertHeldThroughFlaps(service, () => first.Configure("nexthop replace id 4 group 41", "nexthop replace id 6 group 61"),
            () => first.Configure($"nexthop replace id 42 via {BirdConfiguration.SecondGateway4} dev eth1",
                $"nexthop replace id 62 via {BirdConfiguration.SecondGateway6} dev eth1", "nexthop replace id 4 group 41/42",
                "nexthop replace id 6 group 61/62"));
        // An agent that starts there finds its devices.
        cluster.First.Agent.Kill();
        cluster.First.Agent.Launch();
        cluster.First.Agent.WaitUntilReady();
        cluster.AssertServed(service, "ac", "by an agent that was started later");
        Assert.Equal(findings, Findings.Of(cluster));
    }

    [Fact]
    public void Flows_are_spread_over_routers_behind_one_device()
    {
        const string Other = "fd00:172:18::fd";
        var first = cluster.First.Netns;
        cluster.Router.Configure("link add m0 type veth peer name m1", "link set m1 master nodes", "link set m1 up", "link set m0 up",
            $"addr add {Other}/64 dev m0 nodad", $"route add {Pods6} via {cluster.Second.Netns.IPv6} dev nodes");
        first.Configure($"route del default via {RouterNetns.GatewayV6}", $"route del {Pods6} via {cluster.Second.Netns.IPv6}",
            $"route add ::/0 nexthop via {RouterNetns.GatewayV6} dev eth0 nexthop via {Other} dev eth0",
            $"route add {Pods6} nexthop via {RouterNetns.GatewayV6} dev eth0 nexthop via {Other} dev eth0");
        Multipath.SpreadByPorts(first.Place);
        var to = cluster.Publish("c").Address(cluster, Way.NodePortOfFirst, Family.IPv6);
        var (one, other) = (Received("nodes"), Received("m0"));

        cluster.CheckClean(cluster.Probe.Load(new LoadSpec(LoadMode.Tcp, to) { Count = 60 }));

        // Of each connection five packets or so to the backend, and as many to the client; the bridge has those of clients, too.
        Assert.True(Received("m0") - other > 100, $"by the other router: {Received("m0") - other} packets");
        Assert.True(Received("nodes") - one > 100, $"by the first: {Received("nodes") - one}");
    }

    public void Dispose()
    {
        foreach (var bird in birds) bird.Dispose();
        cluster.Dispose();
    }

    /// <summary>Of the second node.</summary>
    private string Pods4 => $"10.244.{cluster.Second.Netns.Index}.0/24";

    private string Pods6 => $"fd00:10:244:{cluster.Second.Netns.Index:x}::/64";

    /// <summary>A service with a backend on each node, and the second uplink.</summary>
    private OutsideService Prepare()
    {
        var first = cluster.First.Netns;
        first.Configure($"link add eth1 type veth peer name u1 netns {cluster.Router.Netns}", "link set eth1 up",
            $"addr add {BirdConfiguration.SecondOfNode4}/24 dev eth1", $"addr add {BirdConfiguration.SecondOfNode6}/64 dev eth1 nodad");
        cluster.Router.Configure("link set u1 up", $"addr add {BirdConfiguration.SecondGateway4}/24 dev u1",
            $"addr add {BirdConfiguration.SecondGateway6}/64 dev u1 nodad",
            $"route add {Pods4} via {cluster.Second.Netns.IPv4}", $"route add {Pods6} via {cluster.Second.Netns.IPv6}");
        Multipath.SpreadByPorts(first.Place);
        Multipath.SpreadByPorts(cluster.Router.Place);
        // Flows of two ways come in by either.
        NetnsThread.Run(first.Place.NetnsPath!, () =>
        {
            foreach (var name in (string[])["all", "eth0", "eth1"]) File.WriteAllText($"/proc/sys/net/ipv4/conf/{name}/rp_filter", "0");
        });
        Eventually.True(() => cluster.First.Agent.Json("status").GetProperty("devices").EnumerateArray()
            .Any(d => d.GetProperty("name").GetString() == "eth1"), () => $"eth1: {cluster.First.Agent.Command("status").Output}");
        return cluster.Publish("a", "c");
    }

    private void AssertHeldThroughFlaps(OutsideService service, Action waitForOne, Action waitForBoth)
    {
        cluster.AssertServed(service, "ac", "by both ways");
        cluster.AssertServedInside(service, "ac", "by both ways");
        Assert.Equal(2 * Held, cluster.Hold("vip", service, Way.LoadBalancerIP, Held));
        Assert.Equal(2 * Held, cluster.Hold("nodeport", service, Way.NodePortOfFirst, Held));
        AssertMasqueradedAs($"{cluster.First.Netns.IPv4}", BirdConfiguration.SecondOfNode4, $"{cluster.First.Netns.IPv6}",
            BirdConfiguration.SecondOfNode6);
        for (var i = 0; i < 2; i++)
        {
            cluster.Router.Configure("link set u1 down");
            waitForOne();
            Assert.Equal((2 * Held, 2 * Held), (cluster.Answered("vip"), cluster.Answered("nodeport")));
            cluster.AssertServed(service, "ac", "by one way");
            cluster.AssertServedInside(service, "ac", "by one way");

            cluster.Router.Configure("link set u1 up", $"addr replace {BirdConfiguration.SecondGateway6}/64 dev u1 nodad");
            waitForBoth();
            Assert.Equal((2 * Held, 2 * Held), (cluster.Answered("vip"), cluster.Answered("nodeport")));
        }
        cluster.AssertServed(service, "ac", "by both ways again");
    }

    /// <summary>Flows to the backend of the other node have left by both ways, with an address of each.</summary>
    private void AssertMasqueradedAs(params string[] addresses)
    {
        var flows = cluster.First.Agent.Command("conntrack", "list").Output;
        Assert.All(addresses, a => Assert.Contains(a, flows, StringComparison.Ordinal));
    }

    /// <summary>The node and the router send by two ways or by one, in both families.</summary>
    private void WaitForWays(bool both)
    {
        foreach (var (family, gateway) in ((string, string)[])
            [("-4", BirdConfiguration.SecondGateway4), ("-6", BirdConfiguration.SecondGateway6)])
        {
            Eventually.Get(() => Show(cluster.First.Netns.Place, family, "proto", "bird"),
                text => text.Contains($"via {gateway} ", StringComparison.Ordinal) == both
                    && text.Contains("default", StringComparison.Ordinal), $"routes of the node, by {gateway}: {both}");
        }
        foreach (var (family, node) in ((string, string)[])
            [("-4", BirdConfiguration.SecondOfNode4), ("-6", BirdConfiguration.SecondOfNode6)])
        {
            Eventually.Get(() => Show(cluster.Router.Place, family, "proto", "bird"),
                text => text.Contains($"via {node} ", StringComparison.Ordinal) == both, $"routes of the router, by {node}: {both}");
        }
    }

    /// <summary>Packets that came in by a device of the router.</summary>
    private long Received(string device) => NetnsThread.Run(cluster.Router.Place.NetnsPath!, () =>
    {
        var line = File.ReadLines("/proc/thread-self/net/dev").Single(l
            => l.TrimStart().StartsWith(device + ":", StringComparison.Ordinal));
        return long.Parse(line.Split(':')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    });

    private static string Show(ProcessPlace place, string family, params string[] words)
        => ChildProcess.Run(place, [RepositoryPaths.Tool("ip"), family, "route", "show", .. words]).Output;
}
