using System.Text;

namespace EbpfLb.Agent.Migration;

/// <summary>What of a table is kube-proxy's and is removed; and what others use and stays.</summary>
internal sealed class TableRemoval
{
    /// <summary>
    /// A chain of ours that nothing jumps to. Netfilter stops to translate when no rule needs nf_conntrack any more: its rule does.
    /// </summary>
    public const string HoldChain = "EBPFLB-MIGRATED";

    private const string HoldRule = $"-A {HoldChain} -m conntrack --ctstate ESTABLISHED -m comment --comment "
        + "\"holds nf_conntrack for connections that kube-proxy began\" -j RETURN";

    private readonly SavedTable table;

    private TableRemoval(SavedTable table, IReadOnlyList<string> chains, IReadOnlyList<SavedRule> jumps, IReadOnlyList<KeptChain> kept)
    {
        this.table = table;
        Chains = chains;
        Jumps = jumps;
        Kept = kept;
    }

    /// <summary>Removed with all their rules.</summary>
    public IReadOnlyList<string> Chains { get; }

    /// <summary>Rules of the kernel's own chains that are removed.</summary>
    public IReadOnlyList<SavedRule> Jumps { get; }

    /// <summary>kube-proxy's chains that stay.</summary>
    public IReadOnlyList<KeptChain> Kept { get; }

    public bool IsEmpty => Chains.Count == 0 && Jumps.Count == 0;

    public int RuleCount => Jumps.Count + Chains.Sum(c => table.RulesOf(c).Count());

    /// <param name="markNeed">See <see cref="PortMap.NeedOf"/>.</param>
    public static TableRemoval Of(SavedTable table, string? markNeed = null)
    {
        var chains = table.Chains.ToDictionary(c => c.Name);
        var owned = chains.Keys.Where(KubeProxyChains.Owns).ToHashSet();
        var own = new List<SavedRule>();
        var kept = new Dictionary<string, string>();
        foreach (var rule in table.Rules.Where(r => !owned.Contains(r.Chain) && r.Target is { } target && owned.Contains(target)))
        {
            if (chains.TryGetValue(rule.Chain, out var from) && KubeProxyChains.IsOwnJump(rule, from)) own.Add(rule);
            else Keep(rule.Target!, $"{rule.Chain} jumps to it");
        }
        if (markNeed is not null && owned.Contains(KubeProxyChains.MarkForMasquerade)) Keep(KubeProxyChains.MarkForMasquerade, markNeed);
        // What is marked there is masqueraded here.
        if (kept.ContainsKey(KubeProxyChains.MarkForMasquerade) && owned.Contains(KubeProxyChains.Postrouting))
            Keep(KubeProxyChains.Postrouting, $"it masquerades what {KubeProxyChains.MarkForMasquerade} marks");
        return new TableRemoval(table, [.. table.Chains.Select(c => c.Name).Where(n => owned.Contains(n) && !kept.ContainsKey(n))],
            [.. own.Where(r => r.Target != KubeProxyChains.Postrouting || !kept.ContainsKey(r.Target))],
            [.. kept.Select(k => new KeptChain(k.Key, k.Value))]);

        void Keep(string chain, string why)
        {
            if (!kept.TryAdd(chain, why)) return;
            foreach (var next in table.RulesOf(chain).Select(r => r.Target).OfType<string>().Where(owned.Contains))
                Keep(next, $"{chain} jumps to it, which stays");
        }
    }

    /// <summary>For iptables-restore --noflush, which takes all of it or nothing.</summary>
    public string RemoveText()
    {
        var text = new StringBuilder($"*{table.Name}\n");
        if (table.Name == "nat") text.Append($":{HoldChain} - [0:0]\n{HoldRule}\n");
        foreach (var chain in Chains) text.Append($":{chain} - [0:0]\n");
        foreach (var jump in Jumps) text.Append($"-D {jump.Chain} {jump.Specification}\n");
        foreach (var chain in Chains) text.Append($"-X {chain}\n");
        return text.Append("COMMIT\n").ToString();
    }

    /// <summary>
    /// The same the other way: chains as they were, and each jump at the place that it had, unless it is there. For iptables-restore
    /// --noflush.
    /// </summary>
    /// <param name="now">The table as it is; null: there is none.</param>
    public string RestoreText(SavedTable? now)
    {
        var text = new StringBuilder($"*{table.Name}\n");
        foreach (var chain in Chains) text.Append($":{chain} - [0:0]\n");
        if (now?.Has(HoldChain) == true) text.Append($":{HoldChain} - [0:0]\n");
        foreach (var rule in Chains.SelectMany(table.RulesOf)) text.Append($"-A {rule.Chain} {rule.Specification}\n");
        foreach (var (chain, jumps) in Jumps.GroupBy(j => j.Chain).Select(g => (g.Key, g.ToList())))
        {
            List<SavedRule> before = [.. table.RulesOf(chain)], there = [.. now?.RulesOf(chain) ?? []];
            var count = there.Count;
            foreach (var jump in jumps.Where(j => !there.Contains(j)))
                text.Append($"-I {chain} {Math.Min(before.FindIndex(r => ReferenceEquals(r, jump)), count++) + 1} {jump.Specification}\n");
        }
        if (now?.Has(HoldChain) == true) text.Append($"-X {HoldChain}\n");
        return text.Append("COMMIT\n").ToString();
    }
}

/// <param name="Why">Who uses it.</param>
internal sealed record KeptChain(string Name, string Why);
