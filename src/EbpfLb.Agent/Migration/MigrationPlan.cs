using EbpfLb.Model;

namespace EbpfLb.Agent.Migration;

/// <summary>What a run would do with what a survey found.</summary>
internal static class MigrationPlan
{
    public static MigrationReport Of(Survey survey, AgentCheck agent, SavedRules saved)
    {
        ConnectionCount? count = survey.Translated is { } translated ? agent.Count(translated) : null;
        return new MigrationReport(
            agent.Finding, survey.Processes, [.. Tables(survey)], survey.Ipvs, count, [.. Steps(survey, saved, count)],
            [.. Stops(survey), .. agent.Stops], [.. survey.Warnings, .. agent.Warnings], survey.NotLookedAt);
    }

    private static IEnumerable<TableFinding> Tables(Survey survey)
    {
        foreach (var table in survey.Tables.Where(t => !t.Removal.IsEmpty || t.Removal.Kept.Count > 0))
            yield return new TableFinding($"iptables-{table.Tool.Kind}", table.Tool.Family, table.Table.Name, table.Removal.Chains.Count,
                table.Removal.RuleCount, [.. table.Removal.Kept.Select(k => $"{k.Name}: {k.Why}")]);
        foreach (var table in survey.NftTables) yield return new TableFinding("nftables", table.Family, "kube-proxy", 0, 0, []);
    }

    private static IEnumerable<string> Steps(Survey survey, SavedRules saved, ConnectionCount? count)
    {
        if (survey.IsClean)
        {
            if (Holds(survey).Any() && count is { Tcp: 0, Udp: 0, Other: 0 })
                yield return "remove what holds nf_conntrack for connections that kube-proxy began, as there are none left";
            yield break;
        }
        yield return $"save each table that is changed into {saved.Directory}, and check that it can be put back";
        foreach (var table in survey.ToChange)
            yield return $"{table}: remove {table.Removal.Chains.Count} chains and {table.Removal.RuleCount} rules at once"
                + (table.Table.Name == "nat" ? $", and leave {TableRemoval.HoldChain}, which holds nf_conntrack for open connections" : "");
        foreach (var table in survey.NftTables)
            yield return $"nftables, {table.Family}: replace the table kube-proxy by one that holds nf_conntrack for open connections";
        yield return "read all tables again, and say what is left";
    }

    /// <summary>Where nf_conntrack is held.</summary>
    public static IEnumerable<string> Holds(Survey survey)
        => [.. survey.Tables.Where(t => t.Table.Has(TableRemoval.HoldChain)).Select(t => $"{t}"),
            .. survey.NftHolds.Select(f => $"nftables, {f}")];

    private static IEnumerable<string> Stops(Survey survey)
    {
        foreach (var process in survey.Processes)
            yield return $"kube-proxy runs (process {process.Pid}{(process.Mode is { } mode ? $", mode {mode}" : "")}) and would write its "
                + "rules again: end it, for example by a nodeSelector in its DaemonSet that this node does not match; migrate does not "
                + "end it";
        if (survey.Ipvs.Count > 0)
            yield return $"kube-proxy's IPVS mode left {string.Join(", ", survey.Ipvs)}: migrate does not remove that; run "
                + $"`kube-proxy {OptionNames.Cleanup}`, which breaks connections that IPVS balances";
        foreach (var what in survey.Unreadable) yield return what;
    }
}
