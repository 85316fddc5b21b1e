using System.Net;
using System.Net.Sockets;
using EbpfLb.Agent.Migration;
using EbpfLb.Netlink.Netfilter;

namespace EbpfLb.Agent.Firewall;

/// <summary>
/// Rules that drop what goes to NodePorts or to addresses of Services before kube-proxy would translate it. The programs at devices come
/// before netfilter, so such a rule does not see what they serve.
/// </summary>
internal static class GuardRules
{
    private const int MaxDepth = 32;

    /// <summary>The chains of Calico that policies of a host endpoint are in (felix, rules/rule_defs.go).</summary>
    private const string CalicoHost = "cali-fh-";

    /// <summary>A sentence for each chain that has some.</summary>
    public static IReadOnlyList<string> Find(NetfilterRules rules, FirewallSurroundings around)
    {
        var byChain = rules.Rules.ToLookup(r => (r.Family, r.Table, r.Chain));
        List<string> found = [];
        foreach (var chain in rules.Chains.Where(c => c is { Hook: NetfilterHook.Prerouting or NetfilterHook.Input, Type: "filter" }))
        {
            if (chain is { Hook: NetfilterHook.Prerouting, IsDropPolicy: true } && DropsAll(rules, chain, around))
                found.Add($"table {chain.Family} {chain.Table}, chain {chain.Name} (hook prerouting) drops all that comes in");
            foreach (var (rule, guarded) in Walk(byChain, chain, chain.Name, [], around, 0))
                found.Add($"table {rule.Family} {rule.Table}, chain {rule.Chain} (hook {$"{chain.Hook}".ToLowerInvariant()}) "
                    + $"{(rule.Verdict == RuleVerdict.Reject ? "rejects" : "drops")} what goes to {guarded}");
        }
        found.AddRange(rules.Rules
            .Where(r => r.Table.Split(' ')[0] is "mangle" or "raw" && r.Chain.StartsWith(CalicoHost, StringComparison.Ordinal))
            .Select(r => $"table {r.Family} {r.Table} has policies of Calico for a host endpoint (chain {r.Chain})"));
        return [.. found.Distinct()];
    }

    private static IEnumerable<(NetfilterRule Rule, string Guarded)> Walk(
        ILookup<(string, string, string), NetfilterRule> byChain, NetfilterChain start, string name, IReadOnlyList<RuleCondition> path,
        FirewallSurroundings around, int depth)
    {
        if (depth > MaxDepth || KubeProxyChains.Owns(name)) yield break;
        foreach (var rule in byChain[(start.Family, start.Table, name)])
        {
            List<RuleCondition> all = [.. path, .. rule.Conditions];
            if (rule is { Verdict: RuleVerdict.Jump or RuleVerdict.Goto, Target: { } target })
            {
                foreach (var found in Walk(byChain, start, target, all, around, depth + 1)) yield return found;
            }
            else if (rule.Verdict is RuleVerdict.Drop or RuleVerdict.Reject && CanMatch(start, all) && Guarded(all, around) is { } guarded)
                yield return (rule, guarded);
        }
    }

    /// <summary>As firewalld does in panic mode: what goes to backends of other nodes goes on.</summary>
    private static bool DropsAll(NetfilterRules rules, NetfilterChain chain, FirewallSurroundings around)
        => Families.Where(f => chain.Family is "inet" || chain.Family == (f == AddressFamily.InterNetwork ? "ip" : "ip6"))
            .All(f => new ChainWalk(rules, new NewConnection(f, NetfilterHook.Prerouting, null, null) { Inputs = around.Inputs }).Outcomes()
                .Any(o => o.Chain == chain && o.End == ChainEnd.Drops));

    private static AddressFamily[] Families => [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];

    /// <summary>New connections; of the states that begin none the rule guards nothing.</summary>
    private static bool CanMatch(NetfilterChain chain, List<RuleCondition> conditions)
        => Families.Any(family
            => new NewConnection(family, chain.Hook!.Value, null, null).Of(conditions.Where(c => c.Field != RuleField.Protocol))
                != Match.Never);

    private static string? Guarded(List<RuleCondition> conditions, FirewallSurroundings around)
    {
        var ports = new ByteRange(Net(around.NodePorts.First), Net(around.NodePorts.Last));
        foreach (var condition in conditions.Where(c => c is { IsInverted: false, Mask: null }))
        {
            if (condition.Field == RuleField.DestinationPort && condition.Values.FirstOrDefault(v => v.Overlaps(ports)) is { } range
                && !range.Covers(new ByteRange([0, 1], [0xff, 0xff])))
                return $"NodePorts ({Port(range.First)}-{Port(range.Last)})";
            if (condition.Field == RuleField.DestinationAddress && around.Frontends.FirstOrDefault(f => condition.Values.Any(v
                => v.Covers(NewConnection.RangeOf(f)) && v.First[0] == v.Last[0])) is { } frontend)
                return $"the Service address {frontend}";
        }
        return null;
    }

    private static byte[] Net(ushort port) => [(byte)(port >> 8), (byte)port];

    private static int Port(byte[] bytes) => (bytes[0] << 8) | bytes[1];
}
