namespace EbpfLb.Agent.Migration;

/// <summary>The tables of kube-proxy's nftables mode.</summary>
/// <param name="nft">The path of the tool.</param>
internal sealed class NftTables(string nft)
{
    private const string Table = "kube-proxy", Hold = "ebpflb-migrated";

    public static NftTables? Find() => ToolRunner.Find("nft") is { } nft ? new NftTables(nft) : null;

    /// <summary>The families ("ip", "ip6") in which there is one.</summary>
    /// <exception cref="MigrationException">nft failed.</exception>
    public IReadOnlyList<string> List() => ListOf(Table);

    /// <summary>The families in which our table holds nf_conntrack.</summary>
    public IReadOnlyList<string> ListHolds() => ListOf(Hold);

    public string Save(string family) => ToolRunner.Run(nft, ["list", "table", family, Table]);

    /// <summary>
    /// In one transaction. With the last base chain of type nat netfilter stops to translate, and with the last rule that needs
    /// nf_conntrack to know connections: a table of ours has both from here on.
    /// </summary>
    public void Remove(string family) => Load(string.Concat(DropHold(family),
        $"table {family} {Hold} {{\n",
        "chain hold { type nat hook prerouting priority 200; policy accept; ct state established return; }\n}\n",
        $"delete table {family} {Table}\n"));

    public void RemoveHold(string family) => Load(DropHold(family));

    /// <summary>Puts a saved table in the place of what is there.</summary>
    /// <param name="dryRun">Only has it checked.</param>
    public void Restore(string family, string saved, bool dryRun = false) => Load(string.Concat(
        DropHold(family), $"add table {family} {Table}\ndelete table {family} {Table}\n", saved), dryRun);

    private static string DropHold(string family) => $"add table {family} {Hold}\ndelete table {family} {Hold}\n";

    private List<string> ListOf(string name)
    {
        var tables = ToolRunner.Run(nft, ["list", "tables"]).Split('\n').Select(l => l.Trim()).ToList();
        return [.. RuleTool.Families.Where(f => tables.Contains($"table {f} {name}"))];
    }

    private void Load(string script, bool dryRun = false) => ToolRunner.Run(nft, [.. dryRun ? (string[])["-c"] : [], "-f", "-"], script);
}
