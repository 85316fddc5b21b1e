using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Clusters;
using FsCheck;
using FsCheck.Fluent;

namespace EbpfLb.Policy.Tests;

public sealed class IncrementalCompileTests
{
    private static readonly ObjectName A = ClusterBuilder.Name("a");
    private static readonly ObjectName B = ClusterBuilder.Name("b");

    private readonly ClusterBuilder cluster = new ClusterBuilder()
        .Service("a", ["10.96.0.1"], ["http:80"]).Slice("a-1", "a", ["http:8080"], ["10.1.0.1"])
        .Service("b", ["10.96.0.2"], ["http:80"]).Slice("b-1", "b", ["http:8080"], ["10.1.0.2"]);

    [Fact]
    public void The_same_snapshot_gives_the_same_table()
    {
        var table = cluster.Build().Compile();

        Assert.Same(table, cluster.Build().Compile(table));
    }

    [Fact]
    public void A_change_of_one_service_keeps_the_reference_of_the_others()
    {
        var before = cluster.Build().Compile();
        cluster.Slice("a-1", "a", ["http:8080"], ["10.1.0.9"]);

        var after = cluster.Build().Compile(before);

        Assert.Same(before.Find(B), after.Find(B));
        Assert.NotSame(before.Find(A), after.Find(A));
        Assert.Equal("10.96.0.1:80/TCP -> 10.1.0.9:8080", after.Lines()[0]);
    }

    [Contract("3", "nothing relevant changed: nothing is programmed; nor for a change that is taken back")]
    [Fact]
    public void An_update_without_effect_keeps_the_reference()
    {
        var before = cluster.Build().Compile();
        cluster.Slice("a-1", "a", ["http:8080"], ["10.1.0.1", "10.1.0.3 unready"]);

        var after = cluster.Build().Compile(before);

        Assert.Same(before.Find(A), after.Find(A));
        Assert.Equal(before.Services, after.Services);
    }

    [Contract("3", "nothing relevant changed: nothing is programmed; nor for a change that is taken back")]
    [Fact]
    public void A_change_and_its_reversal_end_at_an_equal_table()
    {
        var before = cluster.Build().Compile();
        cluster.Slice("a-1", "a", ["http:8080"], []);
        var between = cluster.Build().Compile(before);
        cluster.Slice("a-1", "a", ["http:8080"], ["10.1.0.1"]);

        Assert.Equal(before.Lines(), cluster.Build().Compile(between).Lines());
    }

    [Fact]
    public void Other_options_compile_everything_anew()
    {
        cluster.Service("a", ["10.96.0.1", "fd00::1"], ["http:80"]);
        var before = cluster.Build().Compile();

        var after = ForwardingCompiler.Compile(cluster.Build(), new PolicyOptions { Families = [IpFamily.IPv6] }, before);

        Assert.Equal(["[fd00::1]:80/TCP -> refuse"], after.Lines());
        Assert.Null(after.OwnerOf(Canary.FrontendV4));
    }

    [Fact]
    public void Any_history_compiles_to_what_a_fresh_start_compiles_to() => Prop.ForAll(Histories.Any, codes =>
    {
        var random = new ClusterBuilder();
        ForwardingTable? table = null;
        foreach (var code in codes)
        {
            ClusterChanges.Apply(random, code);
            var snapshot = random.Build();
            var incremental = snapshot.Compile(table);
            var fresh = snapshot.Compile();
            Assert.Equal(fresh.Services, incremental.Services);
            Assert.Equal(fresh.Diagnostics, incremental.Diagnostics);
            Assert.All(TableCheck.Run(incremental, snapshot, TableText.Options), s => Assert.True(s.IsRight, $"{s.Name}"));
            AssertReferencesKept(table, incremental);
            AssertOneOwnerPerFrontend(incremental);
            table = incremental;
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithEndSize(60));

    /// <summary>Snapshots replace each other while a round runs, so the table before need not be that of the snapshot before.</summary>
    [Fact]
    public void Any_earlier_table_leads_to_what_a_fresh_start_compiles_to() => Prop.ForAll(Histories.Any, codes =>
    {
        var random = new ClusterBuilder();
        var choice = new Random(codes.Length);
        List<ForwardingTable?> tables = [null];
        foreach (var code in codes)
        {
            ClusterChanges.Apply(random, code);
            var snapshot = random.Build();
            var incremental = snapshot.Compile(tables[choice.Next(tables.Count)]);
            var fresh = snapshot.Compile();
            Assert.Equal(fresh.Services, incremental.Services);
            Assert.Equal(fresh.Diagnostics, incremental.Diagnostics);
            AssertOneOwnerPerFrontend(incremental);
            tables.Add(incremental);
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(40));

    /// <summary>
    /// The table of another state stands for one that was not kept well: the check finds what a comparison with a fresh table finds.
    /// </summary>
    [Fact]
    public void A_check_finds_what_differs_from_a_fresh_start() => Prop.ForAll(Histories.Any, codes =>
    {
        var random = new ClusterBuilder();
        var wrong = random.Build().Compile();
        foreach (var code in codes)
        {
            ClusterChanges.Apply(random, code);
            var snapshot = random.Build();
            var fresh = snapshot.Compile();
            var expected = fresh.DifferencesFrom(wrong).Where(d => !Equals(d.Before, d.After)).Select(d => d.Key).ToHashSet();
            var found = TableCheck.Run(wrong, snapshot, TableText.Options).Where(s => !s.IsRight).Select(s => s.Name).ToHashSet();
            Assert.Superset(expected, found);
            Assert.Equal(expected.Count == 0, found.Count == 0);
            if (code % 3 == 0) wrong = fresh;
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(40));

    private static void AssertReferencesKept(ForwardingTable? before, ForwardingTable after)
    {
        foreach (var service in after.Services)
        {
            if (before?.Find(service.Name) is { } old && old.Equals(service)) Assert.Same(old, service);
        }
    }

    private static void AssertOneOwnerPerFrontend(ForwardingTable table)
    {
        var frontends = table.Services.SelectMany(s => s.Ports).SelectMany(p
            => p.Frontends.Select(f => (f: f.Frontend, p.Key.Service))).ToArray();
        Assert.Equal(frontends.Length, frontends.Select(f => f.f).Distinct().Count());
        Assert.All(frontends, f => Assert.Equal(f.Service, table.OwnerOf(f.f)));
    }
}
