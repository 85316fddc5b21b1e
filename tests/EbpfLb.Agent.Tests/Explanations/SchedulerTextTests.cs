using EbpfLb.Agent.Explanations;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Agent.Tests.Explanations;

public sealed class SchedulerTextTests
{
    private static string Text(Scheduler scheduler, params string[] endpoints)
    {
        var cluster = new ClusterBuilder().Service("web", ["10.96.0.1"], [":80"], scheduler: scheduler, maglevTableSize: 251)
            .Slice("web-1", "web", [":80"], endpoints);
        var table = ForwardingCompiler.Compile(cluster.Build(), PolicyOptions.Default, null);
        return SchedulerText.Of(table.Find(ClusterBuilder.Name("web"))!.Ports[0], BackendLists.InCluster);
    }

    [Theory]
    [InlineData(Scheduler.Random, "random, in proportion to the weights: 10.1.0.1:80 75.0 %, 10.1.0.2:80 25.0 %")]
    [InlineData(Scheduler.RoundRobin, "rr, in turn: 10.1.0.1:80 50.0 %, 10.1.0.2:80 50.0 %")]
    [InlineData(Scheduler.WeightedRoundRobin, "wrr, in turn by weight: 10.1.0.1:80 75.0 %, 10.1.0.2:80 25.0 %")]
    [InlineData(Scheduler.LeastConnection, "lc, fewest open connections of this node: 10.1.0.1:80, 10.1.0.2:80")]
    [InlineData(Scheduler.DestinationHash,
        "dh, by a hash of the address that is asked: 10.1.0.1:80, 10.1.0.2:80")]
    [InlineData(Scheduler.NeverQueue,
        "nq, one without open connections of this node, else as sed: 10.1.0.1:80 weight 3, 10.1.0.2:80 weight 1")]
    [InlineData(Scheduler.Maglev,
        "maglev, by a hash of the connection, in a table of 251 entries: 10.1.0.1:80 75.0 %, 10.1.0.2:80 25.0 %")]
    public void Shares_follow_from_the_scheduler_and_the_weights(Scheduler scheduler, string expected)
        => Assert.Equal(expected, Text(scheduler, "10.1.0.1 weight=3", "10.1.0.2", "10.1.0.3 weight=0"));

    [Fact]
    public void Of_many_backends_the_first_are_named()
        => Assert.EndsWith("10.1.0.8:80 10.0 % and 2 more",
            Text(Scheduler.RoundRobin, [.. Enumerable.Range(1, 10).Select(i => $"10.1.0.{i}")]), StringComparison.Ordinal);

    [Fact]
    public void Every_scheduler_has_a_text()
        => Assert.All(
            Enum.GetValues<Scheduler>(), s => Assert.StartsWith($"{s.ToText()}, ", Text(s, "10.1.0.1"), StringComparison.Ordinal));
}
