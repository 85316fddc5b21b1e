namespace EbpfLb.Agent.Migration;

/// <summary>iptables of one family and one kind.</summary>
/// <param name="Family">"ip" or "ip6".</param>
/// <param name="Kind">"nft" or "legacy": who keeps the rules in the kernel.</param>
internal sealed class RuleTool(string family, string kind, string save, string restore)
{
    /// <summary>Tables in which kube-proxy has chains; of mangle only its canary.</summary>
    public static IReadOnlyList<string> Tables { get; } = ["nat", "filter", "mangle"];

    public static IReadOnlyList<string> Families { get; } = ["ip", "ip6"];

    public string Family => family;

    public string Kind => kind;

    /// <summary>null: this machine has none of that kind. "iptables-save" can be either, and says which.</summary>
    public static RuleTool? Find(string family, string kind)
    {
        var name = family == "ip" ? "iptables" : "ip6tables";
        if (ToolRunner.Find($"{name}-{kind}-save") is { } save && ToolRunner.Find($"{name}-{kind}-restore") is { } restore)
            return new RuleTool(family, kind, save, restore);
        if (ToolRunner.Find($"{name}-save") is not { } plainSave || ToolRunner.Find($"{name}-restore") is not { } plainRestore) return null;
        var isNft = ToolRunner.Run(plainSave, ["-V"]).Contains("nf_tables", StringComparison.Ordinal);
        return isNft == (kind == "nft") ? new RuleTool(family, kind, plainSave, plainRestore) : null;
    }

    /// <exception cref="MigrationException">The tool failed.</exception>
    public string Save(string table) => ToolRunner.Run(save, ["-t", table]);

    /// <summary>Carries out all of it, or nothing.</summary>
    /// <param name="dryRun">Only has it read and checked.</param>
    /// <exception cref="MigrationException">The tool failed.</exception>
    public void Restore(string text, bool dryRun = false)
        => ToolRunner.Run(restore, ["--noflush", "-w", "30", .. dryRun ? (string[])["--test"] : []], text);
}
