using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Conflicts;

/// <summary>Two Services that want one frontend by different kinds of address.</summary>
public sealed class KindConflictTests
{
    private const string Address = "198.51.100.1";
    private readonly ClusterBuilder cluster = new();

    /// <summary>A Service that has the contested address by one kind, and a backend of its own.</summary>
    private void Want(string name, FrontendKind kind, int number)
    {
        cluster.Service(
            name,
            [kind == FrontendKind.ClusterIP ? Address : $"10.96.0.{number}"],
            [kind == FrontendKind.NodePort ? "http:80@30080" : "http:80"],
            externalIPs: kind == FrontendKind.ExternalIP ? [Address] : [],
            balancerIPs: kind == FrontendKind.LoadBalancer ? [Address] : []);
        cluster.Slice($"{name}-1", name, ["http:8080"], [$"10.1.0.{number}"]);
    }

    [Contract("4", "two Services, one address and port: always the same one is served, the other is named; other ports are shared")]
    [Theory]
    [InlineData(FrontendKind.ClusterIP, FrontendKind.ExternalIP)]
    [InlineData(FrontendKind.ClusterIP, FrontendKind.LoadBalancer)]
    [InlineData(FrontendKind.LoadBalancer, FrontendKind.ExternalIP)]
    public void The_better_claim_wins_whatever_the_names_and_whatever_came_first(FrontendKind winner, FrontendKind loser)
    {
        Want("a", loser, 1);
        var alone = cluster.Build().Compile();
        Want("b", winner, 2);

        var table = cluster.Build().Compile(alone);

        Assert.Contains(alone.Lines(), l => l.EndsWith($"{Address}:80/TCP -> 10.1.0.1:8080", StringComparison.Ordinal));
        Assert.Contains(table.Lines(), l => l.EndsWith($"{Address}:80/TCP -> 10.1.0.2:8080", StringComparison.Ordinal));
        Assert.Contains("10.96.0.1:80/TCP -> 10.1.0.1:8080", table.Lines());
        Assert.Equal(ClusterBuilder.Name("b"), table.OwnerOf(new Frontend(IpAddress.Parse(Address), 80, TransportProtocol.Tcp)));
        Assert.Equal(table.Lines(), cluster.Build().Compile().Lines());
    }

    [Fact]
    public void The_loser_is_told_by_which_address_and_why()
    {
        Want("a", FrontendKind.ExternalIP, 1);
        Want("b", FrontendKind.ClusterIP, 2);

        var diagnostic = Assert.Single(cluster.Build().Compile().Diagnostics);

        Assert.Equal((ClusterBuilder.Name("a"), "spec.externalIPs"), (diagnostic.Object, diagnostic.Field));
        Assert.StartsWith(
            "198.51.100.1:80/TCP belongs to Service default/b, as its ClusterIP, which "
                + "goes before an external IP, and is not served for this one",
            diagnostic.Message);
    }

    [Theory]
    [InlineData(FrontendKind.NodePort, "spec.ports[].nodePort")]
    [InlineData(FrontendKind.ExternalIP, "spec.externalIPs")]
    [InlineData(FrontendKind.LoadBalancer, "status.loadBalancer.ingress")]
    public void Of_two_claims_of_one_kind_the_first_by_name_wins(FrontendKind kind, string field)
    {
        Want("b", kind, 2);
        var before = cluster.Build().Compile();
        Want("a", kind, 1);

        var table = cluster.Build().Compile(before);

        Assert.Contains(table.Lines(),
            l => l.StartsWith($"{kind} ", StringComparison.Ordinal) && l.EndsWith("-> 10.1.0.1:8080", StringComparison.Ordinal));
        Assert.DoesNotContain(table.Lines(),
            l => l.StartsWith($"{kind} ", StringComparison.Ordinal) && l.EndsWith("-> 10.1.0.2:8080", StringComparison.Ordinal));
        var diagnostic = Assert.Single(table.Diagnostics);
        Assert.Equal((ClusterBuilder.Name("b"), field), (diagnostic.Object, diagnostic.Field));
        Assert.Contains("which is first by name", diagnostic.Message);
    }

    [Fact]
    public void The_loser_gets_the_address_when_the_winner_lets_it_go()
    {
        Want("a", FrontendKind.ExternalIP, 1);
        var before = cluster.Build().Compile();
        Want("b", FrontendKind.LoadBalancer, 2);
        var between = cluster.Build().Compile(before);
        cluster.RemoveService("b");

        var after = cluster.Build().Compile(between);

        Assert.Equal(before.Lines(), after.Lines());
        Assert.Empty(after.Diagnostics);
    }

    [Fact]
    public void A_service_that_changes_its_kind_of_claim_may_lose_by_it()
    {
        Want("a", FrontendKind.ExternalIP, 1);
        Want("b", FrontendKind.LoadBalancer, 2);
        var before = cluster.Build().Compile();
        Want("b", FrontendKind.ExternalIP, 2);

        var after = cluster.Build().Compile(before);

        Assert.Contains($"ExternalIP {Address}:80/TCP -> 10.1.0.1:8080", after.Lines());
        Assert.Equal(ClusterBuilder.Name("b"), Assert.Single(after.Diagnostics).Object);
    }

    [Contract("4", "two Services, one address and port: always the same one is served, the other is named; other ports are shared")]
    [Fact]
    public void Two_services_share_an_external_address_by_their_ports()
    {
        cluster.Service("a", ["10.96.0.1"], ["http:80"], balancerIPs: [Address])
            .Service("b", ["10.96.0.2"], ["https:443"], balancerIPs: [Address]);

        var table = cluster.Build().Compile();

        Assert.Empty(table.Diagnostics);
        Assert.Equal(4, table.Lines().Length);
    }
}
