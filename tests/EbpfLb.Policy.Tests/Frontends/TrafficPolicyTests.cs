using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Frontends;

/// <summary>docs/contract.md 5.1: which policy governs which frontend.</summary>
public sealed class TrafficPolicyTests
{
    private const string Here = "10.1.0.1 node=node-1";
    private const string There = "10.1.0.2 node=node-2";

    private readonly ClusterBuilder cluster = new ClusterBuilder().Slice("web-1", "web", ["http:8080"], [Here, There]);

    private string[] Lines() => cluster.Build().Compile().Lines();

    [Contract("4", "ClusterIP: internalTrafficPolicy, no ranges")]
    [Fact]
    public void The_internal_policy_governs_the_cluster_ip_only()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], inside: TrafficPolicy.Local, externalIPs: ["203.0.113.1"],
            balancerIPs: ["198.51.100.1"]);

        Assert.Equal(
            [
                "10.96.0.1:80/TCP local -> 10.1.0.1:8080",
                "LoadBalancer 198.51.100.1:80/TCP -> 10.1.0.1:8080 10.1.0.2:8080",
                "ExternalIP 203.0.113.1:80/TCP -> 10.1.0.1:8080 10.1.0.2:8080",
                "NodePort 0.0.0.0:30080/TCP -> 10.1.0.1:8080 10.1.0.2:8080",
            ],
            Lines());
    }

    /// <summary>docs/contract.md 19, item 1: pods and the node itself have the Cluster list there.</summary>
    [Fact]
    public void The_external_policy_governs_everything_but_the_cluster_ip_and_keeps_the_cluster_list_for_pods_and_the_node()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], outside: TrafficPolicy.Local, externalIPs: ["203.0.113.1"],
            balancerIPs: ["198.51.100.1"]);

        Assert.Equal(
            [
                "10.96.0.1:80/TCP -> 10.1.0.1:8080 10.1.0.2:8080",
                "LoadBalancer 198.51.100.1:80/TCP local -> 10.1.0.1:8080, inside 10.1.0.1:8080 10.1.0.2:8080",
                "ExternalIP 203.0.113.1:80/TCP local -> 10.1.0.1:8080, inside 10.1.0.1:8080 10.1.0.2:8080",
                "NodePort 0.0.0.0:30080/TCP local -> 10.1.0.1:8080, inside 10.1.0.1:8080 10.1.0.2:8080",
            ],
            Lines());
    }

    [Contract("6", "which are used: by the policies of what is there")]
    [Fact]
    public void With_both_policies_local_pods_and_the_node_still_have_the_cluster_list_outside()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], inside: TrafficPolicy.Local, outside: TrafficPolicy.Local);

        Assert.Equal(
            [
                "10.96.0.1:80/TCP local -> 10.1.0.1:8080",
                "NodePort 0.0.0.0:30080/TCP local -> 10.1.0.1:8080, inside 10.1.0.1:8080 10.1.0.2:8080",
            ],
            Lines());
    }

    [Contract("5.1", "which policy applies: internal: ClusterIP; external: all others; ignored where nothing is external")]
    [Fact]
    public void The_external_policy_of_a_service_that_nobody_reaches_from_outside_is_ignored()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"], type: ServiceType.LoadBalancer, outside: TrafficPolicy.Local);

        Assert.Equal(
            [
                "10.1.0.1:8080 (InCluster, Local)",
                "10.1.0.2:8080 (InCluster)",
            ],
            cluster.Build().Compile().Backends());
    }

    [Contract("6", "which are used: by the policies of what is there")]
    [Fact]
    public void Only_the_internal_policy_and_no_way_in_from_outside_need_no_cluster_list()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"], inside: TrafficPolicy.Local);

        Assert.Equal(["10.1.0.1:8080 (InLocal, Local)"], cluster.Build().Compile().Backends());
    }

    [Fact]
    public void A_port_without_a_node_port_has_no_local_list_beside_one_that_has()
    {
        cluster.Service("web", ["10.96.0.1"], ["admin:81", "http:80@30080"], outside: TrafficPolicy.Local)
            .Slice("web-1", "web", ["http:8080", "admin:9000"], [Here, There]);

        Assert.Equal(["10.1.0.1:9000 (InCluster, Local)", "10.1.0.2:9000 (InCluster)"], cluster.Build().Compile().Backends());
    }

    [Contract("5.1", "which policy applies: internal: ClusterIP; external: all others; ignored where nothing is external")]
    [Fact]
    public void A_family_that_nobody_reaches_from_outside_ignores_the_external_policy()
    {
        cluster.Service("web", ["10.96.0.1", "fd00::1"], ["http:80"], outside: TrafficPolicy.Local, externalIPs: ["203.0.113.1"])
            .Slice("web-6", "web", ["http:8080"], ["fd01::1 node=node-1", "fd01::2 node=node-2"]);

        var ports = cluster.Build().Compile().Find(ClusterBuilder.Name("web"))!.Ports;

        Assert.Contains(ports[0].Backends, b => b.Lists.HasFlag(BackendLists.InLocal));
        Assert.All(ports[1].Backends, b => Assert.False(b.Lists.HasFlag(BackendLists.InLocal)));
    }

    [Fact]
    public void A_change_of_the_policy_reaches_all_frontends_of_its_side()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"], outside: TrafficPolicy.Local);
        var before = cluster.Build().Compile();
        cluster.Service("web", ["10.96.0.1"], ["http:80@30080"]);

        Assert.Equal(
            ["10.96.0.1:80/TCP -> 10.1.0.1:8080 10.1.0.2:8080", "NodePort 0.0.0.0:30080/TCP -> 10.1.0.1:8080 10.1.0.2:8080"],
            cluster.Build().Compile(before).Lines());
    }
}
