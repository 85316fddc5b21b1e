using EbpfLb.Benchmarks.Packets;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Policy;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Probes;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Benchmarks.Schedulers;

/// <summary>What each scheduler costs over random: at connect(), and for a packet that opens a flow.</summary>
internal static class SchedulerBench
{
    private const int Rounds = 15;
    private const int Repeat = 30_000;

    /// <summary>Below and at what is asked one by one for its counts, and above it, where two are drawn.</summary>
    private static readonly int[] Sizes = [8, 128, 300];

    private static readonly Scheduler[] All = Enum.GetValues<Scheduler>();

    private static readonly Scheduler[] Counting =
        [Scheduler.LeastConnection, Scheduler.WeightedLeastConnection, Scheduler.ShortestExpectedDelay, Scheduler.NeverQueue];

    public static async Task RunAsync(Report report)
    {
        await ConnectAsync(report);
        NewFlows(report);
    }

    /// <summary>One UDP socket that connects again and again: each time a connection ends and another begins.</summary>
    private static async Task ConnectAsync(Report report)
    {
        using var topology = NetnsTopology.Create();
        var node = topology.AddNode();
        using var probe = NetProbe.Start(node.Place with { CgroupPath = node.Cgroup.Child("ours").Path });
        using var held = NetProbe.Start(node.Place with { CgroupPath = node.Cgroup.Child("ours").Path });
        var options = new DatapathOptions
        {
            Instance = node.Netns, CgroupRoot = node.Cgroup.Child("ours").Path,
                Sizes = MachineSizes.Default() with { MaglevPlaces = 1 << 20 },
        };
        var samples = new Dictionary<(Scheduler, int), Samples>();
        try
        {
            await using var dataplane = Dataplane.Open(options, NullLoggerFactory.Instance);
            dataplane.Services.Apply(Table(":80/UDP", ":8080/UDP", i => $"127.0.{i / 250}.{i % 250 + 1}"));
            dataplane.Hooks.Attach();
            // The dearest case: where no backend is idle, all are looked at.
            foreach (var scheduler in Counting)
            foreach (var size in Sizes) held.StartSwarm("wait", $"{AddressOf(scheduler, size)}:80", 2 * size);
            Interleaved(samples, (scheduler, size) => double.Parse(probe.Do(
                $"time-connect mode=udp to={AddressOf(scheduler, size)}:80 batch=20000 rounds=1 same=1")["median-ns"]));
        }
        finally
        {
            Instances.Remove(options);
        }
        Write(report, "schedulers-connect.svg", "Schedulers at connect(): ns per call",
            "One UDP socket that connects anew 20,000 times; where counts decide, each backend has two other connections or so", samples);
    }

    private static void NewFlows(Report report)
    {
        using var node = new BenchNode(Table(":80", ":8080", i => $"10.244.{8 + (i / 200)}.{1 + (i % 200)} node=here"));
        var samples = new Dictionary<(Scheduler, int), Samples>();
        Interleaved(samples, (scheduler, size) => node.Measure(
            new PacketCase(
                $"new flow by {scheduler} among {size}", "b_new", PacketLab.Wan, Verdict.Pass, at => PacketBuilder
                    .From(at.Client, 40_000).To(System.Net.IPAddress.Parse(AddressOf(scheduler, size)), 80).Tcp(TcpFlags.Syn, 1001, 5001)
                    .Payload(100)),
            Family.IPv4, Repeat));
        Write(report, "schedulers-flows.svg", "Schedulers for a packet that opens a flow to this node: ns per packet",
            $"`BPF_PROG_TEST_RUN`, {Repeat} flows a round, each with its packet put back", samples);
    }

    private static void Interleaved(Dictionary<(Scheduler, int), Samples> samples, Func<Scheduler, int, double> measure)
    {
        for (var round = 0; round < Rounds; round++)
        foreach (var size in Sizes)
        foreach (var scheduler in All)
        {
            if (!samples.TryGetValue((scheduler, size), out var of)) samples[(scheduler, size)] = of = new Samples();
            of.Add(measure(scheduler, size));
        }
    }

    private static void Write(
        Report report, string file, string title, string what, Dictionary<(Scheduler, int), Samples> samples)
    {
        report.Title(title, $"{what}. Median [quartiles] of {Rounds} interleaved rounds, and its difference to random's median.");
        report.Table(
            ["scheduler", .. Sizes.SelectMany(size => new[] { $"{size} backends", "over random", "of random" })],
            All.Select(scheduler => (string[])
            [
                scheduler.ToText(), .. Sizes.SelectMany(size => new[]
                {
                    samples[(scheduler, size)].Text(),
                    $"{samples[(scheduler, size)].Median - samples[(Scheduler.Random, size)].Median:+0;-0;0}",
                    samples[(scheduler, size)].Over(samples[(Scheduler.Random, size)]).Text("0.00"),
                }),
            ]));
        report.Figure(file, title, RowPlot.Draw(title, "medians", [.. Sizes.Select(size => $"{size} backends")],
            [.. All.Select(scheduler => (scheduler.ToText(), (IReadOnlyList<double>)
                [.. Sizes.Select(size => samples[(scheduler, size)].Median)]))], "0"));
    }

    private static string AddressOf(Scheduler scheduler, int size) => $"10.96.{Array.IndexOf(Sizes, size)}.{(int)scheduler + 1}";

    private static ForwardingTable Table(string port, string target, Func<int, string> backend)
    {
        var builder = new ClusterBuilder();
        foreach (var size in Sizes)
        foreach (var scheduler in All)
        {
            var name = $"{scheduler.ToText()}-{size}";
            builder.Service(name, [AddressOf(scheduler, size)], [port], scheduler: scheduler)
                .Slice($"{name}-1", name, [target], [.. Enumerable.Range(0, size).Select(backend)]);
        }
        return ForwardingCompiler.Compile(builder.Build(), new PolicyOptions { NodeName = "here" }, null);
    }
}
