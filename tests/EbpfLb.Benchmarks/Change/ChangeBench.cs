using System.Diagnostics;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Options;
using EbpfLb.Planning;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Netns;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Benchmarks.Change;

/// <summary>
/// One endpoint of a large cluster is replaced: from the changed object in the state builder to the flip in the real maps, stage by
/// stage; and the first, full table.
/// </summary>
internal static class ChangeBench
{
    private const int Changes = 2000;

    public static async Task RunAsync(Report report)
    {
        var changes = new List<(double Services, Samples Ms)>();
        foreach (var (services, endpoints) in ((int, int)[])[(1_000, 10), (10_000, 10), (50_000, 5)])
            changes.Add((services, await RunAsync(report, services, endpoints)));
        report.Figure("change.svg", "A change of one endpoint by the number of services", Plot.Lines(
            "One endpoint replaced, from the changed object to the flip", "services", "ms",
            [
                ("median", [.. changes.Select(change => (change.Services, change.Ms.Median))]),
                ("p99", [.. changes.Select(change => (change.Services, change.Ms.Quantile(0.99)))]),
            ]));
    }

    /// <returns>Milliseconds of whole changes.</returns>
    private static async Task<Samples> RunAsync(Report report, int services, int endpoints)
    {
        using var topology = NetnsTopology.Create();
        var node = topology.AddNode();
        var options = new DatapathOptions { Instance = node.Netns, CgroupRoot = node.Cgroup.Path };
        var stages = new[] { "snapshot", "compile", "plan and apply", "whole" }.Select(n => (Name: n, Ms: new Samples())).ToArray();
        var (plan, write) = (new Samples(), new Samples());
        long perChange;
        try
        {
            var cluster = new LargeCluster(services, endpoints);
            var table = ForwardingCompiler.Compile(cluster.Build(), PolicyOptions.Default, null);
            for (var i = 0; i < 7; i++)
            {
                // Not attached, so not pinned either: each opening begins with empty maps.
                await using var cold = Dataplane.Open(options, NullLoggerFactory.Instance);
                // A plan that is not applied gives its ids back, so the next one is the same.
                var planned = Milliseconds(() => Planner.Plan(table, cold.Services.Mirror));
                plan.Add(planned);
                write.Add(Milliseconds(() => cold.Services.Apply(table)) - planned);
            }
            await using var dataplane = Dataplane.Open(options, NullLoggerFactory.Instance);
            dataplane.Services.Apply(table);
            var bytes = 0L;
            for (var i = -200; i < Changes; i++)
            {
                cluster.ReplaceEndpoint((i + 200) * 7 % services);
                var allocated = GC.GetAllocatedBytesForCurrentThread();
                var start = Stopwatch.GetTimestamp();
                var snapshot = cluster.Build();
                var built = Stopwatch.GetTimestamp();
                table = ForwardingCompiler.Compile(snapshot, PolicyOptions.Default, table);
                var compiled = Stopwatch.GetTimestamp();
                var (_, result) = dataplane.Services.Apply(table);
                var applied = Stopwatch.GetTimestamp();
                if (!result.IsComplete || result.Counts.Flips != 1)
                    throw new InvalidOperationException($"a change did not go in: {result.Counts}");
                if (i < 0) continue;
                bytes += GC.GetAllocatedBytesForCurrentThread() - allocated;
                stages[0].Ms.Add(Stopwatch.GetElapsedTime(start, built).TotalMilliseconds);
                stages[1].Ms.Add(Stopwatch.GetElapsedTime(built, compiled).TotalMilliseconds);
                stages[2].Ms.Add(Stopwatch.GetElapsedTime(compiled, applied).TotalMilliseconds);
                stages[3].Ms.Add(Stopwatch.GetElapsedTime(start, applied).TotalMilliseconds);
            }
            perChange = bytes / Changes;
        }
        finally
        {
            Instances.Remove(options);
        }
        report.Title(
            $"A change at {services} services and {services * endpoints} endpoints, in the agent's pipeline",
            $"One endpoint replaced, real maps, {Changes} changes one after another, garbage collections included; "
                + $"{perChange / 1024.0:0.0} KiB allocated by each. The full table into empty maps: plan "
                + $"{plan.Text("0.0")} ms, carrying it out {write.Text("0.0")} ms (median [quartiles] of {plan.Count}).");
        report.Table(
            ["stage", "median ms", "p99 ms", "max ms"],
            stages.Select(s => (string[])[
                s.Name, s.Ms.Median.ToString("0.000"), s.Ms.Quantile(0.99).ToString("0.000"), s.Ms.Quantile(1).ToString("0.000")]));
        return stages[^1].Ms;
    }

    private static double Milliseconds(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
