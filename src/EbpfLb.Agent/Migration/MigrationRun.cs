namespace EbpfLb.Agent.Migration;

/// <summary>Removes kube-proxy's rules table by table, and puts them back.</summary>
/// <param name="say">A line for each thing that was done.</param>
internal sealed class MigrationRun(SavedRules saved, Action<string> say)
{
    /// <summary>Everything is saved, and checked to be what the tools take back, before anything is removed.</summary>
    /// <exception cref="MigrationException">A table could not be changed; those before it are.</exception>
    public void Remove(Survey survey)
    {
        saved.Begin(isNew: survey.HasOwnJumps);
        foreach (var table in survey.ToChange)
        {
            saved.Save(table);
            At($"{table}", () => table.Tool.Restore(table.Removal.RestoreText(table.Table), dryRun: true));
        }
        foreach (var table in survey.NftTables)
        {
            saved.Save(table);
            At($"nftables, {table.Family}", () => table.Nft.Restore(table.Family, table.Text, dryRun: true));
        }
        say($"saved {survey.ToChange.Count() + survey.NftTables.Count} tables in {saved.Directory}");
        foreach (var table in survey.ToChange)
        {
            At($"{table}", () => table.Tool.Restore(table.Removal.RemoveText()));
            say($"{table}: removed {table.Removal.Chains.Count} chains and {table.Removal.RuleCount} rules");
        }
        foreach (var table in survey.NftTables)
        {
            At($"nftables, {table.Family}", () => table.Nft.Remove(table.Family));
            say($"nftables, {table.Family}: removed the table kube-proxy");
        }
    }

    /// <summary>Of a run that left nothing.</summary>
    public void End() => saved.End();

    /// <summary>What holds nf_conntrack is not needed any more.</summary>
    public static void Release(Survey survey)
    {
        foreach (var table in survey.Tables.Where(t => t.Table.Has(TableRemoval.HoldChain)))
            table.Tool.Restore($"*nat\n:{TableRemoval.HoldChain} - [0:0]\n-X {TableRemoval.HoldChain}\nCOMMIT\n");
        foreach (var family in survey.NftHolds) NftTables.Find()!.RemoveHold(family);
    }

    /// <summary>Returns how many tables were put back.</summary>
    /// <exception cref="MigrationException">A table could not be put back; those before it are, and doing it again is safe.</exception>
    public int PutBack()
    {
        var (iptables, tables) = (saved.Iptables().ToList(), saved.Nft().ToList());
        if (iptables.Count + tables.Count == 0) return 0;
        saved.Reopen();
        foreach (var (kind, family, text) in iptables)
        {
            var table = Parse(text);
            var tool = RuleTool.Find(family, kind) ?? throw new MigrationException($"this machine has no iptables-{kind} for {family}");
            At($"iptables-{kind}, {family}, {table.Name}",
                () => tool.Restore(TableRemoval.Of(table).RestoreText(SavedTable.Parse(tool.Save(table.Name)))));
            say($"iptables-{kind}, {family}, {table.Name}: put back");
        }
        foreach (var (family, text) in tables)
        {
            var nft = NftTables.Find() ?? throw new MigrationException("this machine has no nft");
            At($"nftables, {family}", () => nft.Restore(family, text));
            say($"nftables, {family}: put back the table kube-proxy");
        }
        saved.Forget();
        return iptables.Count + tables.Count;
    }

    /// <summary>Says of a failure which table it was.</summary>
    private static void At(string where, Action step)
    {
        try
        {
            step();
        }
        catch (Exception e) when (e is MigrationException or FormatException)
        {
            throw new MigrationException($"{where}: {e.Message}", e);
        }
    }

    private static SavedTable Parse(string text)
    {
        try
        {
            return SavedTable.Parse(text) ?? throw new MigrationException("a saved file has no table");
        }
        catch (FormatException e)
        {
            throw new MigrationException($"a saved file cannot be read: {e.Message}", e);
        }
    }
}
