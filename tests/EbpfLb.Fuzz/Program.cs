using EbpfLb.Fuzz;
using EbpfLb.Fuzz.Targets;

// `make fuzz`: N=10000 inputs for each parser, ONLY=config one of them, SEED=7 the same inputs again.
var only = args.Length > 0 ? args[0] : "all";
var seed = int.TryParse(Environment.GetEnvironmentVariable("SEED"), out var given) ? given : Random.Shared.Next(1, 1_000_000);
var count = int.TryParse(Environment.GetEnvironmentVariable("N"), out var inputs) ? inputs : FuzzTargets.DefaultCount;
var chosen = FuzzTargets.All.Where(target => only == "all" || target.Name == only).ToList();
if (chosen.Count == 0)
{
    Console.Error.WriteLine($"no parser '{only}'; there are: all, {string.Join(", ", FuzzTargets.All.Select(target => target.Name))}");
    return 2;
}
Console.WriteLine($"seed {seed}, {count} inputs each");
var failed = 0;
foreach (var target in chosen)
{
    var report = new FuzzRun(target, seed).Run(count);
    Console.WriteLine(report);
    foreach (var finding in report.Findings) Console.WriteLine($"  {finding}\n  input: {finding.Save()}");
    failed += report.Findings.Count;
}
Console.WriteLine(failed == 0 ? "all held" : $"{failed} findings");
return failed == 0 ? 0 : 1;
