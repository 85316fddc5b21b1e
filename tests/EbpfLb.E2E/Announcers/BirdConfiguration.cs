using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Netns;

namespace EbpfLb.E2E.Announcers;

/// <summary>Configurations of bird: BGP of each family by itself between nodes and the router, whose numbers are private ones.</summary>
internal static class BirdConfiguration
{
    private const int Router = 64_600;

    /// <summary>Sessions that come up soon, and end with their device.</summary>
    private const string Session = "  connect delay time 1;\n  connect retry time 1;\n  error wait time 1, 2;\n  check link yes;";

    /// <summary>The node announces the addresses of the service, by "service4" and "service6".</summary>
    public static string OfNode(ClusterNode node, OutsideService service) => $$"""
        router id {{node.Netns.IPv4}};
        protocol device { scan time 1; }
        protocol static service4 {
          ipv4;
          route {{service.Manifest.LoadBalancerIPs[0]}}/32 unreachable;
        }
        protocol static service6 {
          ipv6;
          route {{service.Manifest.LoadBalancerIPs[1]}}/128 unreachable;
        }
        protocol bgp up4 {
          local {{node.Netns.IPv4}} as {{Number(node)}};
          neighbor {{RouterNetns.GatewayV4}} as {{Router}};
        {{Session}}
          ipv4 { import none; export where proto = "service4"; };
        }
        protocol bgp up6 {
          local {{node.Netns.IPv6}} as {{Number(node)}};
          neighbor {{RouterNetns.GatewayV6}} as {{Router}};
        {{Session}}
          ipv6 { import none; export where proto = "service6"; };
        }

        """;

    /// <summary>The router sends to all nodes that announce an address.</summary>
    public static string OfRouter(TestCluster cluster) => $$"""
        router id {{RouterNetns.GatewayV4}};
        protocol device { scan time 1; }
        protocol kernel kernel4 {
          merge paths on;
          ipv4 { import none; export all; };
        }
        protocol kernel kernel6 {
          merge paths on;
          ipv6 { import none; export all; };
        }

        """ + string.Concat(((ClusterNode[])[cluster.First, cluster.Second]).Select(n => $$"""
        protocol bgp {{n.Name}}v4 {
          local {{RouterNetns.GatewayV4}} as {{Router}};
          neighbor {{n.Netns.IPv4}} as {{Number(n)}};
        {{Session}}
          ipv4 { import all; export none; };
        }
        protocol bgp {{n.Name}}v6 {
          local {{RouterNetns.GatewayV6}} as {{Router}};
          neighbor {{n.Netns.IPv6}} as {{Number(n)}};
        {{Session}}
          ipv6 { import all; export none; };
        }

        """));

    private static int Number(ClusterNode node) => Router + 1 + node.Netns.Index;
}
