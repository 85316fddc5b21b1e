using EbpfLb.Benchmarks.Change;
using EbpfLb.Benchmarks.Connect;
using EbpfLb.Benchmarks.Footprint;
using EbpfLb.Benchmarks.Lookups;
using EbpfLb.Benchmarks.Maglev;
using EbpfLb.Benchmarks.Outside;
using EbpfLb.Benchmarks.Packets;
using EbpfLb.Benchmarks.Rate;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Benchmarks.Scale;
using EbpfLb.Benchmarks.Schedulers;
using EbpfLb.Benchmarks.Start;
using EbpfLb.Benchmarks.Sweep;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks;

/// <summary>A benchmark by its name.</summary>
/// <param name="Name">What `make bench ONLY=NAME` runs.</param>
/// <param name="Run">Measures; the text is the word after the name, or null.</param>
/// <param name="Parts">Of its report, beside the one without a name: they stand elsewhere in the page.</param>
internal sealed record Bench(string Name, Func<Report, string?, Task> Run, params string[] Parts)
{
    private static readonly int[] Sizes = [1_000, 2_000, 5_000, 10_000, 20_000, 50_000];

    /// <summary>In the order in which they run.</summary>
    public static readonly IReadOnlyList<Bench> All =
    [
        new("lookups", At((report, _) => LookupBench.Run(report, BenchObject("lookup")))),
        new("memory", At((report, _) => MemoryBench.Run(report, BenchObject("memory")))),
        new("connect", (report, _) => ConnectBench.RunAsync(report, BenchObject("memory"))),
        new("packets", At((report, _) => PacketBench.Run(report)), "tunnels"),
        new("traffic", At((report, _) => TrafficBench.Run(report))),
        new("flows", At((report, _) => FlowsBench.Run(report)), "snat", "tunnels", "others"),
        // `make bench ONLY="open DIRECTORY"`: beside the objects of another build, its build/bpf.
        new("open", At(OpenBench.Run)),
        new("rate", (report, _) => RateBench.RunAsync(report)),
        new("change", (report, _) => ChangeBench.RunAsync(report)),
        new("sync", (report, _) => SyncBench.RunAsync(report)),
        new("schedulers", (report, _) => SchedulerBench.RunAsync(report)),
        new("spread", At((report, _) =>
        {
            SpreadBench.Run(report);
            DisruptionBench.Run(report);
        })),
        new("maglev", At((report, _) => MaglevBench.Run(report))),
        new("scrape", At((report, _) => ScrapeBench.Run(report))),
        new("start", (report, _) => StartBench.RunAsync(report)),
        new("scale", (report, size) => ScaleBench.RunAsync(report, size is null ? Sizes : [int.Parse(size)]), "memory"),
        new("sweep", (report, _) => SweepBench.RunAsync(report)),
        new("outside", At((report, _) => OutsideBench.Run(report)), "streams", "pods"),
        // `make bench ONLY="nodeport local"`: only with backends on the node; or "remote".
        new("nodeport", At(NodePortBench.Run)),
        new("footprint", (report, _) => FootprintBench.RunAsync(report)),
        new("pps", At((report, _) => PacketRateBench.Run(report))),
        new("lasting", At((report, _) => LastingBench.Run(report))),
    ];

    /// <summary>What its blocks in the page are called.</summary>
    public IEnumerable<string> Blocks => Parts.Select(part => $"{Name}/{part}").Prepend(Name);

    private static Func<Report, string?, Task> At(Action<Report, string?> run) => (report, argument) =>
    {
        run(report, argument);
        return Task.CompletedTask;
    };

    private static byte[] BenchObject(string name)
        => File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "bench", $"{name}.bpf.o"));
}
