using EbpfLb.Benchmarks.Lookups;

// Figures of docs/performance.md: `make bench`, or `make bench ONLY=lookups`. Needs root and a quiet machine.
var only = args.Length > 0 ? args[0] : "all";
var benches = new Dictionary<string, Action>
{
    ["lookups"] = () => LookupBench.Run(File.ReadAllBytes(Path.Combine("build", "bpf", "bench", "lookup.bpf.o"))),
};
if (only != "all" && !benches.ContainsKey(only))
{
    Console.Error.WriteLine($"no bench '{only}'; there are: all, {string.Join(", ", benches.Keys)}");
    return 2;
}
foreach (var (name, run) in benches)
{
    if (only is "all" || only == name) run();
}
return 0;
