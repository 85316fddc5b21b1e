using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Netns;

namespace EbpfLb.E2E.Announcers;

/// <summary>Configurations of bird: BGP of each family by itself between nodes and the router, whose numbers are private ones.</summary>
internal static class BirdConfiguration
{
    /// <summary>Of the second network between the first node and the router.</summary>
    public const string SecondOfNode4 = "172.19.0.1", SecondGateway4 = "172.19.0.254",
        SecondOfNode6 = "fd00:172:19::1", SecondGateway6 = "fd00:172:19::fe";

    private const int Router = 64_600;

    /// <summary>Beside those that tests need.</summary>
    private const int OtherRoutes = 48;

    /// <summary>Sessions that come up soon, and end with their device.</summary>
    private const string Session = "  connect delay time 1;\n  connect retry time 1;\n  error wait time 1, 2;\n  check link yes;";

    /// <summary>What goes into a routing table: all that is known, or what others announced.</summary>
    private const string All = "all", Announced = "where source = RTS_BGP";

    /// <summary>The node announces the addresses of the service, by "service4" and "service6".</summary>
    public static string OfNode(ClusterNode node, OutsideService service) => Begin($"{node.Netns.IPv4}") + Service(service)
        + Peer("up4", $"{node.Netns.IPv4}", Number(node), RouterNetns.GatewayV4, Router, "ipv4", "proto = \"service4\"")
        + Peer("up6", $"{node.Netns.IPv6}", Number(node), RouterNetns.GatewayV6, Router, "ipv6", "proto = \"service6\"");

    /// <summary>The router sends to all nodes that announce an address.</summary>
    public static string OfRouter(TestCluster cluster) => Begin(RouterNetns.GatewayV4) + Kernel(All)
        + string.Concat(((ClusterNode[])[cluster.First, cluster.Second]).Select(n =>
            Peer($"{n.Name}v4", RouterNetns.GatewayV4, Router, $"{n.Netns.IPv4}", Number(n), "ipv4", "false")
            + Peer($"{n.Name}v6", RouterNetns.GatewayV6, Router, $"{n.Netns.IPv6}", Number(n), "ipv6", "false")));

    /// <summary>
    /// The node announces the addresses of the service by two devices, takes what the router announces by both, and lets its second
    /// address be known by the first device.
    /// </summary>
    public static string OfNodeWithUplinks(ClusterNode node, OutsideService service) => Begin($"{node.Netns.IPv4}") + Kernel(Announced)
        + Service(service) + Static("second4", "ipv4", [$"{SecondOfNode4}/32"]) + Static("second6", "ipv6", [$"{SecondOfNode6}/128"])
        + Peer("first4", $"{node.Netns.IPv4}", Number(node), RouterNetns.GatewayV4, Router, "ipv4", "proto ~ \"se*4\"")
        + Peer("first6", $"{node.Netns.IPv6}", Number(node), RouterNetns.GatewayV6, Router, "ipv6", "proto ~ \"se*6\"")
        + Peer("by4", SecondOfNode4, Number(node), SecondGateway4, Router, "ipv4", "proto = \"service4\"")
        + Peer("by6", SecondOfNode6, Number(node), SecondGateway6, Router, "ipv6", "proto = \"service6\"");

    /// <summary>The router announces the world, the pods of the second node and <see cref="OtherRoutes"/> networks more.</summary>
    public static string OfRouterWithRoutes(TestCluster cluster) => Begin(RouterNetns.GatewayV4) + Kernel(Announced)
        + Static("known4", "ipv4",
            ["0.0.0.0/0", $"10.244.{cluster.Second.Netns.Index}.0/24",
                .. Enumerable.Range(0, OtherRoutes).Select(i => $"100.64.{i}.0/24")])
        + Static("known6", "ipv6",
            ["::/0", $"fd00:10:244:{cluster.Second.Netns.Index:x}::/64",
                .. Enumerable.Range(0, OtherRoutes).Select(i => $"fd00:64:{i:x}::/48")])
        + Peer("first4", RouterNetns.GatewayV4, Router, $"{cluster.First.Netns.IPv4}", Number(cluster.First), "ipv4", "proto = \"known4\"")
        + Peer("first6", RouterNetns.GatewayV6, Router, $"{cluster.First.Netns.IPv6}", Number(cluster.First), "ipv6", "proto = \"known6\"")
        + Peer("second4", SecondGateway4, Router, SecondOfNode4, Number(cluster.First), "ipv4", "proto = \"known4\"")
        + Peer("second6", SecondGateway6, Router, SecondOfNode6, Number(cluster.First), "ipv6", "proto = \"known6\"");

    private static string Begin(string id) => $$"""
        router id {{id}};
        protocol device { scan time 1; }

        """;

    /// <summary>Routes into the tables of both families, to several next hops where there are several.</summary>
    private static string Kernel(string exported) => string.Concat(((string[])["4", "6"]).Select(family => $$"""
        protocol kernel kernel{{family}} {
          merge paths on;
          ipv{{family}} { import none; export {{exported}}; };
        }

        """));

    /// <summary>The addresses of the service.</summary>
    private static string Service(OutsideService service)
        => Static("service4", "ipv4", [$"{service.Manifest.LoadBalancerIPs[0]}/32"])
            + Static("service6", "ipv6", [$"{service.Manifest.LoadBalancerIPs[1]}/128"]);

    /// <summary>Routes to announce, which lead nowhere by themselves.</summary>
    private static string Static(string name, string channel, IEnumerable<string> networks) => $$"""
        protocol static {{name}} {
          {{channel}};
        {{string.Concat(networks.Select(n => $"  route {n} unreachable;\n"))}}}

        """;

    private static string Peer(string name, string local, int number, string neighbor, int its, string channel, string exported) => $$"""
        protocol bgp {{name}} {
          local {{local}} as {{number}};
          neighbor {{neighbor}} as {{its}};
        {{Session}}
          {{channel}} { import all; export where {{exported}}; };
        }

        """;

    private static int Number(ClusterNode node) => Router + 1 + node.Netns.Index;
}
