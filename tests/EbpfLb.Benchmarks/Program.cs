using EbpfLb.Benchmarks.Attack;
using EbpfLb.Benchmarks.Change;
using EbpfLb.Benchmarks.Connect;
using EbpfLb.Benchmarks.Footprint;
using EbpfLb.Benchmarks.Lookups;
using EbpfLb.Benchmarks.Maglev;
using EbpfLb.Benchmarks.Packets;
using EbpfLb.Benchmarks.Outside;
using EbpfLb.Benchmarks.Rate;
using EbpfLb.Benchmarks.Scale;
using EbpfLb.Benchmarks.Schedulers;
using EbpfLb.Benchmarks.Soak;
using EbpfLb.Benchmarks.Start;
using EbpfLb.Benchmarks.Sweep;
using EbpfLb.Testing.Processes;

// Figures of docs/performance.md: `make bench`, or `make bench ONLY=lookups`, or `make bench ONLY="scale 50000"`. Needs root and a quiet
// machine. No figures of ours but proofs, for a quarter of an hour: `make attack`.
if (args is ["attack", ..]) return AttackRun.Run(args.ElementAtOrDefault(1), args.ElementAtOrDefault(2));
// For hours, if need be: `make soak`.
if (args is ["soak"]) return await SoakRun.RunAsync();
var only = args.Length > 0 ? args[0] : "all";
var benches = new Dictionary<string, Func<Task>>
{
    ["lookups"] = () =>
    {
        LookupBench.Run(BenchObject("lookup"));
        return Task.CompletedTask;
    },
    ["memory"] = () =>
    {
        MemoryBench.Run(BenchObject("memory"));
        return Task.CompletedTask;
    },
    ["connect"] = () => ConnectBench.RunAsync(BenchObject("memory")),
    ["packets"] = () =>
    {
        PacketBench.Run();
        return Task.CompletedTask;
    },
    ["traffic"] = () =>
    {
        TrafficBench.Run();
        return Task.CompletedTask;
    },
    ["flows"] = () =>
    {
        FlowsBench.Run();
        return Task.CompletedTask;
    },
    // `make bench ONLY="open DIRECTORY"`: beside the objects of another build, its build/bpf.
    ["open"] = () =>
    {
        OpenBench.Run(args.ElementAtOrDefault(1));
        return Task.CompletedTask;
    },
    ["rate"] = RateBench.RunAsync,
    ["change"] = ChangeBench.RunAsync,
    ["sync"] = SyncBench.RunAsync,
    ["schedulers"] = SchedulerBench.RunAsync,
    // Writes the plots of docs/policy.md.
    ["spread"] = () =>
    {
        SpreadBench.Run();
        DisruptionBench.Run();
        return Task.CompletedTask;
    },
    ["maglev"] = () =>
    {
        MaglevBench.Run();
        return Task.CompletedTask;
    },
    ["scrape"] = () =>
    {
        ScrapeBench.Run();
        return Task.CompletedTask;
    },
    ["start"] = StartBench.RunAsync,
    ["scale"] = () => ScaleBench.RunAsync(args.Length > 1 ? [int.Parse(args[1])] : [1_000, 2_000, 5_000, 10_000, 20_000, 50_000]),
    ["sweep"] = SweepBench.RunAsync,
    ["outside"] = () =>
    {
        OutsideBench.Run();
        return Task.CompletedTask;
    },
    // `make bench ONLY="nodeport local"`: only with backends on the node; or "remote".
    ["nodeport"] = () =>
    {
        NodePortBench.Run(args.ElementAtOrDefault(1));
        return Task.CompletedTask;
    },
    ["footprint"] = FootprintBench.RunAsync,
    ["pps"] = () =>
    {
        PacketRateBench.Run();
        return Task.CompletedTask;
    },
    ["lasting"] = () =>
    {
        LastingBench.Run();
        return Task.CompletedTask;
    },
};
if (only != "all" && !benches.ContainsKey(only))
{
    Console.Error.WriteLine($"no bench '{only}'; there are: all, {string.Join(", ", benches.Keys)}");
    return 2;
}
// Before the first figure, not after half an hour of them.
string[] tools =
[
    "ip", "nsenter",
    .. only is "all" or "outside" or "nodeport" or "pps" or "sync" or "footprint"
        ? (string[])["awk", "nft", "iptables-legacy", "iptables-legacy-restore"] : [],
    .. only is "all" or "nodeport" or "footprint" ? (string[])["haproxy", "nginx"] : [],
    .. only is "all" or "nodeport" or "pps" ? (string[])["taskset"] : [],
];
if (tools.Where(tool => !RepositoryPaths.HasTool(tool)).ToArray() is { Length: > 0 } missing)
{
    Console.Error.WriteLine(
        $"not installed: {string.Join(", ", missing)}. Nothing was measured; 'tools/install-deps.sh bench' as root installs them.");
    return 2;
}
foreach (var (name, run) in benches)
{
    if (only is "all" || only == name) await run();
}
return 0;

static byte[] BenchObject(string name) => File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "bench", $"{name}.bpf.o"));
