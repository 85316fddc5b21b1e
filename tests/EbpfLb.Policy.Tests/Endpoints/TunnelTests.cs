using EbpfLb.Model;
using EbpfLb.Policy.Endpoints;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Endpoints;

/// <summary>Which service ports go by tunnels, and to which address of a node.</summary>
public sealed class TunnelTests
{
    private static readonly PolicyOptions Dsr = new() { NodeName = "here", Tunnels = true, Forwarding = Forwarding.Dsr };

    private readonly ClusterBuilder cluster = new ClusterBuilder().Node("here", addresses: ["192.0.2.1", "2001:db8::1"])
        .Other("there", "192.0.2.2", "2001:db8::2", "198.51.100.2").Other("six", "2001:db8::6");

    [Theory]
    [InlineData(null, Forwarding.Snat, "")]
    [InlineData(null, Forwarding.Dsr, "TCP UDP SCTP")]
    [InlineData(null, Forwarding.Hybrid, "TCP")]
    [InlineData(Forwarding.Snat, Forwarding.Dsr, "")]
    [InlineData(Forwarding.Dsr, Forwarding.Snat, "TCP UDP SCTP")]
    public void A_Service_goes_before_the_configuration(Forwarding? own, Forwarding ofAll, string expected)
    {
        cluster.Service("web", ["10.96.0.1"], ["t:80", "u:80/UDP", "s:80/SCTP"], externalIPs: ["198.51.100.1"],
            forwarding: own);

        var ports = Compile(Dsr with { Forwarding = ofAll }).Ports;

        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            ports.Where(p => p.Tunnels).Select(p => p.Key.Protocol.ToText()));
    }

    [Fact]
    public void What_nobody_outside_can_ask_and_policy_Local_have_none()
    {
        cluster.Service("web", ["10.96.0.1"], [":80"]);
        Assert.False(Compile(Dsr).Ports[0].Tunnels);

        cluster.Service("web", ["10.96.0.1"], [":80@30080"], type: ServiceType.NodePort, outside: TrafficPolicy.Local);
        Assert.False(Compile(Dsr).Ports[0].Tunnels);
    }

    [Fact]
    public void Backends_of_other_nodes_have_the_first_address_of_their_node_and_those_of_this_node_are_in_the_Local_list()
    {
        Serve("10.1.0.1 node=here", "10.1.0.2 node=there", "10.1.0.3 node=six", "10.1.0.4 node=gone", "10.1.0.5");

        var backends = Compile(Dsr).Ports[0].Backends;

        Assert.Equal([null, "192.0.2.2", "2001:db8::6", null, null], backends.Select(b => b.Node?.Address.ToString()));
        Assert.Equal(BackendLists.InCluster | BackendLists.InLocal | BackendLists.Local | BackendLists.Serves, backends[0].Lists);
        Assert.All(backends.Skip(1), b => Assert.Equal(BackendLists.InCluster | BackendLists.Serves, b.Lists));
    }

    [Fact]
    public void A_node_that_opens_no_tunnels_gets_none_and_its_backends_are_masqueraded()
    {
        Serve("10.1.0.2 node=there");
        Assert.NotNull(Assert.Single(Compile(Dsr).Ports[0].Backends).Node);

        cluster.Closed("there", "192.0.2.2", "2001:db8::2");

        Assert.Null(Assert.Single(Compile(Dsr).Ports[0].Backends).Node);
        Assert.True(Compile(Dsr).Ports[0].Tunnels);
    }

    /// <summary>Flows in tunnels have nothing but the backend's id; without tunnels an entry has all that it needs.</summary>
    [Fact]
    public void Where_tunnels_lead_endpoints_that_get_nothing_new_stay_and_it_is_known_which_of_them_serve()
    {
        Serve("10.1.0.1 node=there", "10.1.0.2 node=there unready", "10.1.0.3 node=there terminating", "10.1.0.4 node=there gone");

        Assert.Equal(
            [
                BackendLists.InCluster | BackendLists.Serves, BackendLists.Keeps, BackendLists.Keeps | BackendLists.Serves,
                BackendLists.Keeps,
            ],
            Compile(Dsr).Ports[0].Backends.Select(b => b.Lists));
        Assert.Equal([BackendLists.InCluster], Compile(Dsr with { Tunnels = false }).Ports[0].Backends.Select(b => b.Lists));
    }

    [Fact]
    public void IPv6_goes_by_IPv6_and_IPv4_too_where_this_node_has_no_address_of_its_own()
    {
        cluster.Node("here", addresses: ["2001:db8::1"]);
        Serve("10.1.0.2 node=there");
        Assert.Equal("2001:db8::2", Assert.Single(Compile(Dsr).Ports[0].Backends).Node?.Address.ToString());

        cluster.Service("web", ["fd00::1"], [":80@30080"], type: ServiceType.NodePort)
            .Slice("web-1", "web", [":8080"], ["fd00:1::2 node=there"]);
        Assert.Equal("2001:db8::2", Assert.Single(Compile(Dsr).Ports[0].Backends).Node?.Address.ToString());
    }

    [Fact]
    public void Another_address_of_a_node_makes_another_table_and_anything_else_does_not()
    {
        Serve("10.1.0.2 node=there");
        var before = ForwardingCompiler.Compile(cluster.Build(), Dsr, null);

        cluster.Other("there", "192.0.2.2", "2001:db8::2", "198.51.100.2");
        Assert.Same(before, ForwardingCompiler.Compile(cluster.Build(), Dsr, before));

        cluster.Other("there", "192.0.2.3");
        var after = ForwardingCompiler.Compile(cluster.Build(), Dsr, before);
        Assert.Equal("192.0.2.3", Assert.Single(after.Find(ClusterBuilder.Name("web"))!.Ports[0].Backends).Node?.Address.ToString());

        // It may work on: its endpoint is there. Until another node has its address.
        cluster.RemoveOther("there");
        Assert.Same(after, ForwardingCompiler.Compile(cluster.Build(), Dsr, after));
        cluster.Other("new", "192.0.2.3");
        after = ForwardingCompiler.Compile(cluster.Build(), Dsr, after);
        Assert.Null(Assert.Single(after.Find(ClusterBuilder.Name("web"))!.Ports[0].Backends).Node);
    }

    [Fact]
    public void Without_tunnels_nothing_has_a_node_and_who_asks_for_one_is_told()
    {
        cluster.Service("web", ["10.96.0.1"], [":80@30080"], type: ServiceType.NodePort, forwarding: Forwarding.Dsr)
            .Slice("web-1", "web", [":8080"], ["10.1.0.2 node=there"]);

        var compiled = Compile(new PolicyOptions { NodeName = "here" });

        Assert.False(compiled.Ports[0].Tunnels);
        Assert.Null(Assert.Single(compiled.Ports[0].Backends).Node);
        Assert.Equal("Service default/web, metadata.annotations[ebpflb.io/forwarding]: is \"dsr\", but the agent was started without "
            + "tunnels, so snat is used; start the agents of all nodes with --tunnel", Assert.Single(compiled.Diagnostics).ToString());
    }

    private void Serve(params string[] endpoints) => cluster.Service("web", ["10.96.0.1"], [":80@30080"], type: ServiceType.NodePort)
        .Slice("web-1", "web", [":8080"], endpoints);

    private CompiledService Compile(PolicyOptions options)
        => ForwardingCompiler.Compile(cluster.Build(), options, null).Find(ClusterBuilder.Name("web"))!;
}
