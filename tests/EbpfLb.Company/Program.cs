using EbpfLb.Company;
using EbpfLb.Testing.Processes;

// Figures of docs/company.md: `make company`, or `make company ONLY=same`. Needs root.
var only = args.Length > 0 ? args[0] : "all";
var proofs = new Dictionary<string, Action<Page>> { ["random"] = RandomPorts.Run, ["same"] = SamePorts.Run, ["own"] = OwnPorts.Run };
if (only != "all" && !proofs.ContainsKey(only))
{
    Console.Error.WriteLine($"no proof '{only}'; there are: all, {string.Join(", ", proofs.Keys)}");
    return 2;
}
if (((string[])["ip", "nsenter", "nft"]).Where(tool => !RepositoryPaths.HasTool(tool)).ToArray() is { Length: > 0 } missing)
{
    Console.Error.WriteLine($"not installed: {string.Join(", ", missing)}; 'tools/install-deps.sh test' as root installs them.");
    return 2;
}
var page = new Page();
foreach (var (name, run) in proofs)
{
    if (only is "all" || only == name) run(page);
}
if (only is "all") page.Save(Path.Combine(RepositoryPaths.Root, "docs", "company.md"));
Console.WriteLine(page.Failures == 0 ? "\nall as it should be" : $"\n{page.Failures} rows are not as they should be");
return page.Failures == 0 ? 0 : 1;
