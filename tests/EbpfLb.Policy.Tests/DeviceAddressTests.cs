using EbpfLb.Model;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests;

/// <summary>
/// What addresses of the node's devices mean: a ClusterIP among them, as that of a cache of DNS on every node, is left to the local stack;
/// a pod in the subnet of an uplink may be on the wire.
/// </summary>
public sealed class DeviceAddressTests
{
    private static readonly ObjectName A = ClusterBuilder.Name("a");
    private static readonly ObjectName B = ClusterBuilder.Name("b");

    private readonly ClusterSnapshot cluster = new ClusterBuilder()
        .Service("a", ["10.96.0.1", "fd00::1"], ["http:80", "dns:53"]).Slice("a-1", "a", ["http:8080"], ["10.1.0.1"])
        .Service("b", ["10.96.0.2"], ["http:80"]).Slice("b-1", "b", ["http:8080"], ["10.1.0.2"])
        .Build();

    /// <summary>Compiled before.</summary>
    private ForwardingTable? last;

    [Fact]
    public void Every_port_of_the_address_is_marked_and_no_other_family_or_service_is()
    {
        var table = Compile(null, "10.96.0.1", "192.0.2.1");

        Assert.Equal(["ClusterIP 10.96.0.1:80/TCP (on a device)", "ClusterIP 10.96.0.1:53/TCP (on a device)"], Marked(table));
    }

    [Fact]
    public void Coming_and_going_changes_the_service_that_has_the_address_and_keeps_the_others()
    {
        var before = Compile(null, "192.0.2.1");
        var there = Compile(before, "192.0.2.1", "fd00::1");
        var after = Compile(there, "192.0.2.1");

        Assert.Equal(["ClusterIP [fd00::1]:80/TCP (on a device)", "ClusterIP [fd00::1]:53/TCP (on a device)"], Marked(there));
        Assert.Same(before.Find(B), there.Find(B));
        Assert.Empty(Marked(after));
        Assert.Equal(before.Find(A), after.Find(A));
    }

    [Fact]
    public void Addresses_that_no_service_has_change_nothing()
    {
        var before = Compile(null, "192.0.2.1");

        Assert.Same(before, Compile(before, "192.0.2.1", "192.0.2.2"));
    }

    [Fact]
    public void A_check_of_the_table_knows_them()
    {
        var table = Compile(Compile(null), "10.96.0.2");

        Assert.All(TableCheck.Run(table, cluster, TableText.Options), s => Assert.True(s.IsRight, $"{s.Name}"));
    }

    [Fact]
    public void A_pod_of_this_node_with_an_address_of_an_uplinks_subnet_may_be_on_the_wire_and_the_node_itself_is_not()
    {
        var snapshot = new ClusterBuilder().Service("a", ["10.96.0.1"], ["http:80"])
            .Slice("a-1", "a", ["http:8080"],
                ["192.0.2.1 node=node-1", "192.0.2.7 node=node-1", "192.0.2.8 node=node-2", "10.1.0.1 node=node-1"]).Build();

        var before = ForwardingCompiler.Compile(snapshot, TableText.Options, null);
        var after = ForwardingCompiler.Compile(
            snapshot, TableText.Options, before, new NodeNetwork([IpAddress.Parse("192.0.2.1")], [SourceRange.Parse("192.0.2.0/24")]));

        Assert.DoesNotContain(before.Backends(), b => b.Contains("OnWire", StringComparison.Ordinal));
        Assert.Equal("192.0.2.7:8080 (InCluster, Local, OnWire)",
            Assert.Single(after.Backends(), b => b.Contains("OnWire", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_address_of_a_pod_that_comes_to_the_node_itself_is_not_on_the_wire_and_is_when_it_goes()
    {
        var snapshot = new ClusterBuilder().Service("a", ["10.96.0.1"], ["http:80"])
            .Slice("a-1", "a", ["http:8080"], ["192.0.2.7 node=node-1"]).Build();

        var before = Compile("192.0.2.1");
        var there = Compile("192.0.2.1", "192.0.2.7");
        var after = Compile("192.0.2.1");

        Assert.Equal(["192.0.2.7:8080 (InCluster, Local, OnWire)"], before.Backends());
        Assert.Equal(["192.0.2.7:8080 (InCluster, Local)"], there.Backends());
        Assert.Equal(before.Backends(), after.Backends());

        ForwardingTable Compile(params string[] addresses)
            => last = ForwardingCompiler.Compile(snapshot, TableText.Options, last, Network(addresses, "192.0.2.0/24"));
    }

    [Theory]
    [InlineData("198.51.100.1")]
    [InlineData("198.51.100.2")]
    public void Flows_to_an_external_address_have_entries_while_the_node_has_it(string address)
    {
        var options = TableText.Options with { Tunnels = true, Forwarding = Forwarding.Dsr, Scheduler = Scheduler.Maglev };
        var snapshot = new ClusterBuilder()
            .Service("a", ["10.96.0.1"], ["http:80"], type: ServiceType.LoadBalancer, externalIPs: ["198.51.100.1"],
                balancerIPs: ["198.51.100.2"])
            .Slice("a-1", "a", ["http:8080"], ["10.1.0.1"]).Build();
        string[] both = ["198.51.100.1", "198.51.100.2"];

        Assert.Equal(both, Untracked("192.0.2.1"));
        Assert.Equal(both.Where(a => a != address), Untracked("192.0.2.1", address));
        Assert.Equal(both, Untracked("192.0.2.1"));

        IEnumerable<string> Untracked(params string[] addresses)
        {
            last = ForwardingCompiler.Compile(snapshot, options, last, Network(addresses));
            return last.Find(A)!.Ports[0].Frontends.Where(f => f.IsUntracked).Select(f => f.Frontend.Address.ToString()).Order();
        }
    }

    private ForwardingTable Compile(ForwardingTable? before, params string[] addresses)
        => ForwardingCompiler.Compile(cluster, TableText.Options, before, Network(addresses));

    private static NodeNetwork Network(string[] addresses, params string[] subnets)
        => new([.. addresses.Select(IpAddress.Parse)], subnets.Select(SourceRange.Parse).ToValueList());

    private static string[] Marked(ForwardingTable table)
        => [.. table.Services.SelectMany(s => s.Ports).SelectMany(p => p.Frontends).Where(f => f.IsOnDevice).Select(f => f.ToString())];
}
