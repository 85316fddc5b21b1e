using System.Net;
using EbpfLb.Agent.Migration;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Netfilter;

namespace EbpfLb.Agent.Firewall;

/// <summary>What a firewall of the node does to what the programs have sent to a backend here.</summary>
/// <param name="IsSure">False: it may do so; that could not be judged.</param>
internal sealed record FirewallFinding(string Finding, string Remedy, bool IsSure);

/// <summary>
/// Rules for forwarded packets and for those to the node. A packet that the programs have sent to a backend of this node is a new
/// connection to them: netfilter did not translate it (`ct status dnat`), and it has no mark of kube-proxy's.
/// </summary>
internal sealed class HostFirewall(NetfilterRules rules, FirewallSurroundings around)
{
    private const string KubeProxyTable = "kube-proxy";
    private const int Shown = 4;

    /// <summary>Both kinds, without those of kube-proxy where they are about to go.</summary>
    /// <param name="unread">What could not be read.</param>
    /// <exception cref="NetlinkException">nf_tables cannot be read.</exception>
    public static NetfilterRules Read(bool withoutKubeProxy, List<string> unread)
    {
        var (nft, legacy) = (ReadNfTables(), LegacyRules.Read(unread));
        // The sets of kube-proxy's table are not read, and its rules for forwarded packets are about ClusterIPs.
        return new NetfilterRules(nft.Tables, [.. nft.Chains.Concat(legacy.Chains).Where(c => c.Table != KubeProxyTable)],
            [.. nft.Rules.Concat(legacy.Rules).Where(r => r.Table != KubeProxyTable
                && !(withoutKubeProxy && KubeProxyChains.Owns(r.Chain)))]);
    }

    private static NetfilterRules ReadNfTables()
    {
        using var reader = NetfilterReader.Open();
        try
        {
            return reader.ReadWithSets(r => r.Table != KubeProxyTable);
        }
        catch (NetlinkException e) when (e.Errno is NetlinkErrno.EOPNOTSUPP or NetlinkErrno.EINVAL)
        {
            // The kernel has no nf_tables.
            return new NetfilterRules([], [], []);
        }
    }

    /// <summary>To pods of this node and from them.</summary>
    public IReadOnlyList<FirewallFinding> Forward()
    {
        var found = from packet in ForwardedPackets.Of(around)
                    from outcome in Outcomes(packet)
                    where outcome.End != ChainEnd.Passes
                        // Before routing much is dropped that is no connection to a Service: what is not sure is no finding.
                        && (outcome.End != ChainEnd.MayDrop || packet.Packet.Hook == NetfilterHook.Forward)
                    select (packet.Kind, packet.Named, packet.Packet.FamilyName, Outcome: outcome);
        var byChain = found.GroupBy(f => (f.Outcome.Chain, f.FamilyName))
            .Select(chain => (All: chain, Sure: chain.Where(f => f.Outcome.End == ChainEnd.Drops)))
            .SelectMany(chain => chain.Sure.Any() ? chain.Sure : chain.All);
        return [.. byChain.GroupBy(f => (f.Outcome.Chain, f.Outcome.End, f.Outcome.Where)).Select(group =>
        {
            var ranges = group.Where(g => g.Named is not null).Select(g => g.Named!.Value).Distinct().ToList();
            var kinds = group.Select(g => g.Kind).ToHashSet();
            // firewalld has both families in one, whichever of them this chain is of.
            List<IPNetwork> named = FirewallRemedies.IsFirewalld(rules, group.Key.Chain)
                ? [.. around.Pods.Select(p => p.Named).Distinct()] : ranges;
            return Of(group.Key.Chain, group.Key.End, group.Key.Where, What(kinds, ranges),
                group.Key.Chain.Hook == NetfilterHook.Prerouting ? "no rule for forwarded packets is asked about them"
                    : "packets that the programs sent to a pod have neither `ct status dnat` nor kube-proxy's mark",
                string.Join("; ", FirewallRemedies.OfForward(rules, group.Key.Chain, group.Key.Where, named,
                    kinds.Contains(ForwardedKind.Answers), kinds.Contains(ForwardedKind.Solicitations))));
        })];
    }

    private IEnumerable<ChainOutcome> Outcomes(ForwardedPacket packet)
    {
        List<ChainWalk> exact = [.. packet.Exact.Select(p => new ChainWalk(rules, p))];
        return new ChainWalk(rules, packet.Packet).Outcomes().SelectMany(outcome =>
            outcome.End is ChainEnd.Passes or ChainEnd.Drops || exact.Count == 0 ? [outcome] : exact.Select(w => w.Of(outcome.Chain)));
    }

    private static string What(HashSet<ForwardedKind> kinds, List<IPNetwork> ranges)
    {
        var pods = ranges.Count == 0 ? "" : $" ({Text(ranges)})";
        List<string> parts = [];
        if (kinds.Contains(ForwardedKind.ToPods)) parts.Add($"new connections to pods{pods}");
        if (kinds.Contains(ForwardedKind.OfPods))
            parts.Add($"{(parts.Count == 0 ? $"new connections between pods{pods}" : "between pods")}, such as those to ClusterIPs,");
        if (kinds.Contains(ForwardedKind.Answers)) parts.Add($"answers of pods{(parts.Count == 0 ? pods : "")} to clients outside");
        if (kinds.Contains(ForwardedKind.Solicitations))
            parts.Add($"neighbour solicitations between pods of one bridge{(parts.Count == 0 ? pods : "")}");
        return string.Join(" and ", parts);
    }

    /// <summary>To ports of the node itself.</summary>
    public IReadOnlyList<FirewallFinding> Input()
    {
        var found = from address in around.Own
                    from port in around.OwnPorts.Keys
                    let packet = new NewConnection(address.AddressFamily, NetfilterHook.Input, NewConnection.RangeOf(address), port)
                    {
                        Inputs = around.Inputs,
                    }
                    from outcome in new ChainWalk(rules, packet).Outcomes()
                    where outcome.End != ChainEnd.Passes
                    select (Port: port, Outcome: outcome);
        return [.. found.GroupBy(f => (f.Outcome.Chain, f.Outcome.End, f.Outcome.Where)).Select(group =>
        {
            var ports = group.Select(g => g.Port).Distinct().Order().ToList();
            return Of(group.Key.Chain, group.Key.End, group.Key.Where,
                "new connections to " + string.Join(", ", ports.Take(Shown).Select(p => $"port {p} ({around.OwnPorts[p]})"))
                    + More(ports.Count),
                "kube-proxy opens health check node ports itself, and EbpfLb opens none",
                string.Join("; ", FirewallRemedies.OfInput(rules, group.First().Outcome, ports)));
        })];
    }

    private static FirewallFinding Of(NetfilterChain chain, ChainEnd end, string where, string what, string why, string remedy)
    {
        var at = $"table {chain.Family} {chain.Table}, chain {chain.Name} (hook {$"{chain.Hook}".ToLowerInvariant()})";
        return end switch
        {
            ChainEnd.Drops => new($"{at}: {where}, so {what} fail: {why}", remedy, true),
            ChainEnd.MayPass => new($"{at}: {where}, and not all rules before it could be judged: {what} may fail; {why}",
                $"try one from outside to a NodePort; if it fails: {remedy}", false),
            _ => new($"{at}: {where} under conditions that could not be judged: some {what} may fail; {why}",
                $"see what the rule is for; what it must not drop: {remedy}", false),
        };
    }

    private static string Text(List<IPNetwork> ranges) => string.Join(", ", ranges.Take(Shown)) + More(ranges.Count);

    private static string More(int count) => count > Shown ? $" and {count - Shown} more" : "";
}
