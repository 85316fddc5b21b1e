using EbpfLb.Model;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Endpoints;

/// <summary>What a drain leaves of the lists of a service port.</summary>
public sealed class DrainTests
{
    private readonly ClusterBuilder cluster = new ClusterBuilder().Service("web", ["10.96.0.1"], [":80"]);

    [Fact]
    public void A_drained_backend_keeps_what_it_has_and_gets_nothing_new()
    {
        cluster.Slice("web-1", "web", [":8080"], ["10.1.0.1", "10.1.0.2"]);

        Assert.Equal(["10.1.0.1:8080 (InCluster)", "10.1.0.2:8080 (Keeps, weight 0)"], Table(Drain("10.1.0.2")).Backends());
        Assert.Equal(["10.1.0.1:8080 (InCluster)", "10.1.0.2:8080 (Keeps, weight 0)"], Table(Drain("10.1.0.2", 8080)).Backends());
    }

    [Fact]
    public void Another_port_another_Service_and_another_address_are_left_alone()
    {
        cluster.Slice("web-1", "web", [":8080"], ["10.1.0.1", "10.1.0.2"]);

        var table = Table(Drain("10.1.0.2", 9090), Drain("10.1.0.2", service: "other"), Drain("10.1.0.3"));

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080 10.1.0.2:8080"], table.Lines());
    }

    [Fact]
    public void Those_that_terminate_serve_before_a_drained_one()
    {
        cluster.Slice("web-1", "web", [":8080"], ["10.1.0.1", "10.1.0.2 terminating"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.2:8080"], Table(Drain("10.1.0.1")).Lines());
    }

    [Fact]
    public void Where_nothing_else_is_left_a_drained_one_serves_unless_it_is_forced()
    {
        cluster.Slice("web-1", "web", [":8080"], ["10.1.0.1", "10.1.0.2 unready"]);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080"], Table(Drain("10.1.0.1")).Lines());
        Assert.Equal(["10.96.0.1:80/TCP -> refuse"], Table(Drain("10.1.0.1", always: true)).Lines());
    }

    [Fact]
    public void A_forced_drain_goes_before_one_that_gives_way()
    {
        cluster.Slice("web-1", "web", [":8080"], ["10.1.0.1", "10.1.0.2"]);

        Assert.Equal(
            ["10.96.0.1:80/TCP -> 10.1.0.2:8080"],
            Table(Drain("10.1.0.1"), Drain("10.1.0.1", 8080, always: true), Drain("10.1.0.2")).Lines());
    }

    [Fact]
    public void A_change_of_drains_compiles_the_Services_that_have_the_backend_and_no_others()
    {
        cluster.Slice("web-1", "web", [":8080"], ["10.1.0.1", "10.1.0.2"])
            .Service("other", ["10.96.0.2"], [":80"]).Slice("other-1", "other", [":8080"], ["10.1.0.3", "10.1.0.4"]);
        var snapshot = cluster.Build();
        var before = ForwardingCompiler.Compile(snapshot, TableText.Options, null);
        var options = TableText.Options with { Drains = [Drain("10.1.0.2")] };

        var drained = ForwardingCompiler.Compile(snapshot, options, before);
        var undrained = ForwardingCompiler.Compile(snapshot, TableText.Options, drained);

        Assert.Same(before.Find(ClusterBuilder.Name("other")), drained.Find(ClusterBuilder.Name("other")));
        Assert.Equal("10.96.0.1:80/TCP -> 10.1.0.1:8080", drained.Lines()[1]);
        Assert.Same(drained, ForwardingCompiler.Compile(snapshot, options, drained));
        Assert.Equal(before.Lines(), undrained.Lines());
        Assert.Equal(Table(Drain("10.1.0.2")).Lines(), drained.Lines());
    }

    [Fact]
    public void A_preview_names_the_lists_that_would_be_empty()
    {
        cluster.Slice("web-1", "web", [":8080"], ["10.1.0.1", "10.1.0.2"])
            .Service("one", ["10.96.0.2"], [":80"]).Slice("one-1", "one", [":8080"], ["10.1.0.1"]);

        var alone = DrainCheck.Preview(cluster.Build(), TableText.Options, NodeNetwork.None, Drain("10.1.0.1"));
        var second = DrainCheck.Preview(
            cluster.Build(), TableText.Options with { Drains = [Drain("10.1.0.2")] }, NodeNetwork.None, Drain("10.1.0.1"));
        var none = DrainCheck.Preview(cluster.Build(), TableText.Options, NodeNetwork.None, Drain("10.1.0.9"));

        Assert.Equal(["default/one:/TCP/IPv4", "default/web:/TCP/IPv4"], alone.Ports.Select(p => p.ToString()).Order());
        Assert.Equal(["default/one:/TCP/IPv4"], alone.Lists.Select(l => l.ToString()));
        Assert.Equal(["default/one:/TCP/IPv4", "default/web:/TCP/IPv4"], second.Lists.Select(l => l.ToString()).Order());
        Assert.Empty(none.Ports);
    }

    [Fact]
    public void In_force_it_names_where_the_backend_is_used_all_the_same()
    {
        cluster.Slice("web-1", "web", [":8080"], ["10.1.0.1", "10.1.0.2 unready"]);

        Assert.Equal(
            ["default/web:/TCP/IPv4"], DrainCheck.InForce(Table(Drain("10.1.0.1")), Drain("10.1.0.1")).Lists.Select(l => l.ToString()));
        Assert.Empty(DrainCheck.InForce(Table(Drain("10.1.0.1", always: true)), Drain("10.1.0.1")).Lists);
    }

    private ForwardingTable Table(params BackendDrain[] drains)
        => ForwardingCompiler.Compile(cluster.Build(), TableText.Options with { Drains = drains.ToValueList() }, null);

    private static BackendDrain Drain(string address, ushort port = 0, string? service = null, bool always = false)
        => new(IpAddress.Parse(address), port, service is null ? null : ClusterBuilder.Name(service), always);
}
