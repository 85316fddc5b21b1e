using EbpfLb.Policy.Tests;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Policy.Tests.Conflicts;

public sealed class FrontendConflictTests
{
    private readonly ClusterBuilder cluster = new ClusterBuilder()
        .Service("b", ["10.96.0.1"], ["http:80", "admin:81"])
        .Slice("b-1", "b", ["http:8080", "admin:8081"], ["10.1.0.2"]);

    private void AddRival(string name = "a") => cluster
        .Service(name, ["10.96.0.1"], ["http:80"])
        .Slice(name + "-1", name, ["http:8080"], ["10.1.0.1"]);

    [Contract("4", "two Services, one address and port: always the same one is served, the other is named; other ports are shared")]
    [Fact]
    public void The_first_by_name_has_the_frontend_whatever_came_first()
    {
        var before = cluster.Build().Compile();
        AddRival();

        var after = cluster.Build().Compile(before);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.1:8080", "10.96.0.1:81/TCP -> 10.1.0.2:8081"], after.Lines());
        Assert.Equal(after.Lines(), cluster.Build().Compile().Lines());
    }

    [Fact]
    public void The_loser_is_named_with_the_winner_and_what_to_do()
    {
        AddRival();

        var diagnostic = Assert.Single(cluster.Build().Compile().Diagnostics);

        Assert.Equal(ClusterBuilder.Name("b"), diagnostic.Object);
        Assert.Equal("spec.clusterIPs", diagnostic.Field);
        Assert.Contains("10.96.0.1:80/TCP belongs to Service default/a", diagnostic.Message);
        Assert.Contains("or delete it", diagnostic.Message);
    }

    [Fact]
    public void When_the_winner_goes_the_other_takes_over()
    {
        var before = cluster.Build().Compile();
        AddRival();
        var between = cluster.Build().Compile(before);
        cluster.RemoveService("a");

        var after = cluster.Build().Compile(between);

        Assert.Equal(before.Lines(), after.Lines());
        Assert.Empty(after.Diagnostics);
    }

    [Fact]
    public void When_the_winner_becomes_headless_the_other_takes_over()
    {
        AddRival();
        var between = cluster.Build().Compile();
        cluster.Service("a", [], ["http:80"]);

        var after = cluster.Build().Compile(between);

        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.2:8080", "10.96.0.1:81/TCP -> 10.1.0.2:8081"], after.Lines());
    }

    [Fact]
    public void Another_protocol_is_no_conflict()
    {
        cluster.Service("a", ["10.96.0.1"], ["http:80/UDP"]);

        var table = cluster.Build().Compile();

        Assert.Empty(table.Diagnostics);
        Assert.Equal(3, table.Lines().Length);
    }

    [Fact]
    public void Nobody_takes_the_canary_away()
    {
        cluster.Service("a", ["192.0.0.8"], ["x:10256/UDP"]);

        var table = cluster.Build().Compile();

        Assert.Equal(Canary.Name, table.OwnerOf(Canary.FrontendV4));
        Assert.Empty(table.Find(ClusterBuilder.Name("a"))!.Ports);
        Assert.Single(table.Diagnostics);
    }

    [Fact]
    public void Of_three_claims_the_middle_one_going_changes_nothing()
    {
        AddRival();
        AddRival("aa");
        var before = cluster.Build().Compile();
        cluster.RemoveService("aa");

        var after = cluster.Build().Compile(before);

        Assert.Equal(before.Lines(), after.Lines());
        Assert.Same(before.Find(ClusterBuilder.Name("a")), after.Find(ClusterBuilder.Name("a")));
        Assert.Same(before.Find(ClusterBuilder.Name("b")), after.Find(ClusterBuilder.Name("b")));
    }
}
