using EbpfLb.Netlink.Netfilter;

namespace EbpfLb.Agent.Firewall;

/// <summary>What becomes of packets in a base chain.</summary>
/// <param name="Where">What drops them: "its policy is drop", "a rule of chain f rejects".</param>
/// <param name="By">The chain whose rule it is; null: none, or it is not sure.</param>
internal sealed record ChainOutcome(NetfilterChain Chain, ChainEnd End, string Where, string? By);

internal enum ChainEnd
{
    /// <summary>All pass.</summary>
    Passes,

    /// <summary>Rules drop some, or under conditions that cannot be judged.</summary>
    MayDrop,

    /// <summary>What the end drops may have been accepted before, under conditions that cannot be judged.</summary>
    MayPass,

    /// <summary>Nothing lets any of them pass.</summary>
    Drops,
}

/// <summary>Goes by the rules of base chains as netfilter does.</summary>
internal sealed class ChainWalk(NetfilterRules rules, NewConnection packet)
{
    /// <summary>What drops what no rule decides.</summary>
    public const string ByPolicy = "its policy is drop";

    /// <summary>Deeper than any ruleset that is written; netfilter refuses loops and more than 16.</summary>
    private const int MaxDepth = 32;

    private readonly ILookup<(string, string, string), NetfilterRule> byChain = rules.Rules.ToLookup(r => (r.Family, r.Table, r.Chain));

    private enum Step
    {
        None,
        Accept,
        Drop,
    }

    /// <summary>Of each base chain at the packet's hook; those of type nat let all pass.</summary>
    public IEnumerable<ChainOutcome> Outcomes() => rules.Chains
        .Where(c => c.Hook == packet.Hook && c.Type != "nat" && (c.Family == "inet" || c.Family == packet.FamilyName))
        .OrderBy(c => c.Priority).Select(Of);

    /// <summary>Of one base chain.</summary>
    public ChainOutcome Of(NetfilterChain chain)
    {
        var result = Walk(chain.Family, chain.Table, chain.Name, 0);
        if (result.End == Step.None && chain.IsDropPolicy) result = result with { End = Step.Drop, Where = ByPolicy };
        return new ChainOutcome(chain, result.End == Step.Drop ? result.MayAccept ? ChainEnd.MayPass : ChainEnd.Drops
            : result.Possible is not null ? ChainEnd.MayDrop : ChainEnd.Passes,
            (result.End == Step.Drop ? result.Where : result.Possible) ?? "", result.End == Step.Drop ? result.By : null);
    }

    private Result Walk(string family, string table, string chain, int depth)
    {
        var (mayAccept, mayReturn, possible) = (false, false, (string?)null);
        if (depth > MaxDepth) return new Result(Step.None, true, "it is too deep to be judged", null, null);
        foreach (var rule in byChain[(family, table, chain)])
        {
            var match = packet.Of(rule.Conditions);
            if (match == Match.Never) continue;
            var end = Step.None;
            var by = chain;
            var where = $"a rule of chain {chain} {(rule.Verdict == RuleVerdict.Reject ? "rejects" : "drops")}";
            switch (rule.Verdict)
            {
                case RuleVerdict.Accept: end = Step.Accept; break;
                case RuleVerdict.Drop or RuleVerdict.Reject: end = Step.Drop; break;
                case RuleVerdict.Other: (mayAccept, possible) = (true, possible ?? $"chain {chain} leaves it to a program or a map"); break;
                case RuleVerdict.Return when match == Match.Always: return End(Step.None, null);
                case RuleVerdict.Return: mayReturn = true; break;
                case RuleVerdict.Jump or RuleVerdict.Goto when rule.Target is { } target:
                    var there = Walk(family, table, target, depth + 1);
                    mayAccept |= there.MayAccept;
                    possible ??= there.Possible;
                    (end, where, by) = (there.End, there.Where ?? where, there.By ?? by);
                    if (rule.Verdict == RuleVerdict.Goto && end == Step.None && match == Match.Always) return End(Step.None, null);
                    mayReturn |= rule.Verdict == RuleVerdict.Goto && end == Step.None;
                    break;
            }
            if (end == Step.None) continue;
            if (match == Match.Always && !mayReturn) return End(end, where, by);
            mayAccept |= end == Step.Accept;
            if (end == Step.Drop) possible ??= where;
            // What is sure here is only so for those that did not leave the chain before.
            if (match == Match.Always) return End(Step.None, null);
        }
        return End(Step.None, null);

        Result End(Step end, string? where, string? by = null) => new(end, mayAccept, possible, where, by);
    }

    /// <param name="MayAccept">Some may have been accepted before this end.</param>
    /// <param name="Possible">What may drop some before this end; null: nothing.</param>
    private sealed record Result(Step End, bool MayAccept, string? Possible, string? Where, string? By);
}
