using EbpfLb.Benchmarks;
using EbpfLb.Benchmarks.Attack;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Benchmarks.Soak;
using EbpfLb.Testing.Processes;

// Figures of docs/performance.md, written below build/bench: `make bench`, or `make bench ONLY=lookups`, or
// `make bench ONLY="scale 50000"`. Needs root and a quiet machine. No figures of ours but proofs, for a quarter of an hour: `make attack`.
if (args is ["attack", ..]) return AttackRun.Run(args.ElementAtOrDefault(1), args.ElementAtOrDefault(2));
// For hours, if need be: `make soak`.
if (args is ["soak"]) return await SoakRun.RunAsync();
// "--page FILE" in front: figures go into the blocks of that page, too.
BenchPage? page = null;
if (args is ["--page", var file, ..]) (page, args) = (new BenchPage(file), args[2..]);
var only = args.Length > 0 ? args[0] : "all";
var argument = args.ElementAtOrDefault(1);
var chosen = Bench.All.Where(bench => only == "all" || only == bench.Name).ToList();
if (chosen.Count == 0)
{
    Console.Error.WriteLine($"no bench '{only}'; there are: all, {string.Join(", ", Bench.All.Select(bench => bench.Name))}");
    return 2;
}
if (page is not null && argument is not null)
{
    Console.Error.WriteLine($"'{string.Join(' ', args)}' is not the whole benchmark, which is what belongs into a page: run '{only}'");
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
try
{
    chosen.ForEach(bench => page?.Check(bench.Name, bench.Blocks));
}
catch (PageException e)
{
    Console.Error.WriteLine($"{e.Message} Nothing was measured.");
    return 2;
}
var runner = new BenchRunner(
    Path.Combine(RepositoryPaths.Root, "build", "bench"), page, Environment.GetEnvironmentVariable("COMMIT") is { Length: > 0 } commit
        ? commit : "not known", Console.Out, Console.Error);
var failed = new List<string>();
foreach (var bench in chosen)
{
    var what = argument is null ? bench.Name : $"\"{string.Join(' ', args)}\"";
    if (!await runner.RunAsync(bench.Name, $"make bench ONLY={what}", report => bench.Run(report, argument))) failed.Add(bench.Name);
}
if (failed.Count > 0) Console.Error.WriteLine($"failed: {string.Join(", ", failed)}");
return failed.Count > 0 ? 1 : 0;
