using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Compiler;

/// <summary>Which ClusterIPs refuse unknown ports, and which ranges are only services' (docs/contract.md 8).</summary>
public sealed class RejectedAddressTests
{
    private readonly ClusterBuilder cluster = new();

    [Fact]
    public void Every_cluster_IP_of_a_served_service_is_closed_once()
    {
        cluster.Service("web", ["10.96.0.1", "fd00::1"], ["http:80@30080", "https:443@30443"], externalIPs: ["203.0.113.1"],
            balancerIPs: ["198.51.100.1"]);

        Assert.Equal(["10.96.0.1", "fd00::1"], Closed(cluster.Build().Compile()));
    }

    [Fact]
    public void What_is_not_served_is_not_closed()
    {
        cluster.Service("headless", [], ["http:80"])
            .Service("elsewhere", ["10.96.0.2"], ["http:80"], labels: ServiceLabels.ProxyName)
            .Service("outside", ["10.96.0.3"], ["http:80"], type: ServiceType.ExternalName)
            .Service("portless", ["10.96.0.4"], []);

        Assert.Empty(Closed(cluster.Build().Compile()));
    }

    [Fact]
    public void Two_services_with_one_address_close_it_once_without_a_conflict()
    {
        cluster.Service("a", ["10.96.0.1"], ["http:80"]).Service("b", ["10.96.0.1"], ["https:443"]);
        var table = cluster.Build().Compile();
        Assert.Equal(["10.96.0.1"], Closed(table));
        Assert.Empty(table.Diagnostics);
        Assert.Equal(ClusterBuilder.Name("a"), table.OwnerOf(Frontend.AnyPort(IpAddress.Parse("10.96.0.1"))));

        cluster.RemoveService("a");
        var after = cluster.Build().Compile(table);

        Assert.Equal(["10.96.0.1"], Closed(after));
        Assert.Equal(ClusterBuilder.Name("b"), after.OwnerOf(Frontend.AnyPort(IpAddress.Parse("10.96.0.1"))));
    }

    [Fact]
    public void A_service_that_lost_its_first_port_closes_its_address_with_the_next()
    {
        cluster.Service("a", ["10.96.0.1"], ["http:80"]).Service("b", ["10.96.0.2"], ["http:80", "https:443"], externalIPs: []);
        cluster.Service("a", ["10.96.0.1"], ["http:80"]);
        // "a" is first by name for the address that "c" has too; "c" keeps its other port, and its own address family.
        cluster.Service("c", ["10.96.0.1", "fd00::3"], ["http:80", "https:443"]);

        Assert.Equal(["10.96.0.1", "10.96.0.2", "fd00::3"], Closed(cluster.Build().Compile()));
    }

    [Fact]
    public void An_external_address_that_is_a_cluster_IP_of_another_is_closed_by_that_one()
    {
        cluster.Service("a", ["10.96.0.1"], ["http:80"], externalIPs: ["10.96.0.2"]).Service("b", ["10.96.0.2"], ["https:443"]);
        var table = cluster.Build().Compile();

        Assert.Equal(["10.96.0.1", "10.96.0.2"], Closed(table));
        Assert.Equal(ClusterBuilder.Name("b"), table.OwnerOf(Frontend.AnyPort(IpAddress.Parse("10.96.0.2"))));
        Assert.Equal(ClusterBuilder.Name("a"), table.OwnerOf(new Frontend(IpAddress.Parse("10.96.0.2"), 80, TransportProtocol.Tcp)));
    }

    [Contract("8", "unknown port or protocol of a ClusterIP: refused (nftables), or left alone (iptables)")]
    [Fact]
    public void Nothing_is_closed_when_unknown_ports_are_ignored()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"]);
        var snapshot = cluster.Build() with { ServiceCidrs = [SourceRange.Parse("10.96.0.0/12")] };
        var ignoring = TableText.Options with { RefuseUnknownPorts = false };
        var refusing = ForwardingCompiler.Compile(snapshot, TableText.Options, null);

        var table = ForwardingCompiler.Compile(snapshot, ignoring, refusing);

        Assert.Empty(Closed(table));
        Assert.Empty(table.ServiceCidrs);
        Assert.Equal(["10.96.0.1"], Closed(ForwardingCompiler.Compile(snapshot, TableText.Options, table)));
    }

    [Fact]
    public void Service_CIDRs_are_ordered_without_duplicates_and_of_served_families()
    {
        var snapshot = cluster.Build() with
        {
            ServiceCidrs = [.. new[] { "172.30.0.0/16", "fd00::/108", "10.96.0.0/12", "10.96.0.0/12" }.Select(SourceRange.Parse)],
        };

        Assert.Equal(["10.96.0.0/12", "172.30.0.0/16", "fd00::/108"],
            snapshot.Compile().ServiceCidrs.Select(c => c.ToString()).Order(StringComparer.Ordinal));
        var six = ForwardingCompiler.Compile(snapshot, TableText.Options with { Families = [IpFamily.IPv6] }, null);
        Assert.Equal(["fd00::/108"], six.ServiceCidrs.Select(c => c.ToString()));
    }

    [Fact]
    public void A_change_of_the_CIDRs_alone_makes_a_new_table_that_keeps_all_services()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"]);
        var first = cluster.Build().Compile();
        Assert.Same(first, cluster.Build().Compile(first));

        var second = (cluster.Build() with { ServiceCidrs = [SourceRange.Parse("10.96.0.0/12")] }).Compile(first);

        Assert.NotSame(first, second);
        Assert.Same(first.Find(ClusterBuilder.Name("web")), second.Find(ClusterBuilder.Name("web")));
    }

    [Contract(
        "1",
        "Service: selected without headless ones (label, and field since 1.31); those of other proxies are read for their addresses "
        + "only")]
    [Contract("8", "unallocated address of a ServiceCIDR: dropped; not where another proxy serves in that range")]
    [Fact]
    public void A_range_in_which_another_proxy_serves_an_address_is_left_alone()
    {
        cluster.Service("web", ["10.96.0.1"], ["http:80"]).Service("theirs", ["10.96.0.2"], ["http:80"], labels: ServiceLabels.ProxyName);
        var shared = Ranges("10.96.0.0/12", "172.30.0.0/16", "fd00::/108").Compile();
        Assert.Equal(["172.30.0.0/16", "fd00::/108"], shared.ServiceCidrs.Select(c => c.ToString()));

        cluster.RemoveService("theirs");

        Assert.Equal(["10.96.0.0/12", "172.30.0.0/16", "fd00::/108"],
            Ranges("10.96.0.0/12", "172.30.0.0/16", "fd00::/108").Compile(shared).ServiceCidrs.Select(c => c.ToString()));
    }

    private ClusterSnapshot Ranges(params string[] ranges) => cluster.Build() with { ServiceCidrs = [.. ranges.Select(SourceRange.Parse)] };

    private static string[] Closed(ForwardingTable table) =>
        [.. table.Services.SelectMany(s => s.Ports).Select(p => p.RejectedAddress).OfType<IpAddress>().Order().Select(a => a.ToString())];
}
