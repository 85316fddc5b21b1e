using EbpfLb.Chaos;
using EbpfLb.Chaos.Faults;
using EbpfLb.Testing.Processes;

// `make chaos`, or `make chaos ONLY=pins`; SEED=7 repeats the order of the faults and their choices. Needs root.
var only = args.Length > 0 ? args[0] : "all";
var seed = int.TryParse(Environment.GetEnvironmentVariable("SEED"), out var given) ? given : Random.Shared.Next(1, 1_000_000);
var chosen = Fault.All.Where(fault => only == "all" || fault.Name == only).ToArray();
if (chosen.Length == 0)
{
    Console.Error.WriteLine($"no fault '{only}'; there are: all, {string.Join(", ", Fault.All.Select(fault => fault.Name))}");
    return 2;
}
if (((string[])["ip", "nsenter", "tc"]).Where(tool => !RepositoryPaths.HasTool(tool)).ToArray() is { Length: > 0 } missing)
{
    Console.Error.WriteLine($"not installed: {string.Join(", ", missing)}; 'tools/install-deps.sh test' as root installs them.");
    return 2;
}
new Random(seed).Shuffle(chosen);
Console.WriteLine($"seed {seed}, {chosen.Length} faults");
Console.WriteLine(FaultRow.Heading);
var (failed, notRun) = (0, 0);
using var bed = new Bed(seed);
foreach (var fault in chosen)
{
    var row = FaultRow.Of(fault, f => bed.Suffer(f, isShort: false));
    Console.WriteLine(row.Text);
    if (row.Lost > 0) Console.WriteLine(bed.Losses);
    if (row.IsNotRun) notRun++;
    if (row.Failed is not { } failure) continue;
    failed++;
    Console.WriteLine($"{failure}\n{bed.Report()}");
    // What comes after it would be judged by what is broken already.
    if (!bed.IsRight()) break;
}
var end = failed == 0 ? "all as it should be" : $"{failed} faults were not overcome";
Console.WriteLine(notRun == 0 ? end : $"{end}, {notRun} not run");
return failed == 0 ? 0 : 1;
