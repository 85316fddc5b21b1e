using System.Net;
using EbpfLb.Agent.Migration;
using EbpfLb.Netlink.Netfilter;

namespace EbpfLb.Agent.Firewall;

/// <summary>Commands that let pass what a chain drops, in the language of the tool whose chain it is.</summary>
internal static class FirewallRemedies
{
    /// <summary>Of firewalld's backend nftables: its rules, and what it puts before them in panic mode and while it reloads.</summary>
    private const string FirewalldTable = "firewalld", FirewalldPolicyTable = "firewalld_policy_drop";

    /// <summary>Of so many ranges.</summary>
    private const int Shown = 4;

    /// <param name="where">See <see cref="ChainOutcome.Where"/>.</param>
    /// <param name="ranges">Of pods; empty: not known.</param>
    /// <param name="withAnswers">Answers are dropped, too.</param>
    /// <param name="withSolicitations">So is what pods of one bridge ask each other for their link addresses.</param>
    public static IEnumerable<string> OfForward(
        NetfilterRules rules, NetfilterChain chain, string where, List<IPNetwork> ranges, bool withAnswers, bool withSolicitations)
    {
        List<string> named = ranges.Count > 0 ? [.. ranges.Take(Shown).Select(r => $"{r}")] : ["PODCIDR"];
        List<string> destinations = [.. named, .. withSolicitations ? (string[])[$"{ForwardedPackets.SolicitedNodes}"] : []];
        if (IsPanic(rules, chain, where)) yield return "`firewall-cmd --panic-off`";
        else if (IsFirewalld(rules, chain))
        {
            foreach (var range in named) yield return $"`firewall-cmd --permanent --zone=trusted --add-source={range}`";
            yield return "`firewall-cmd --permanent --new-policy=to-pods`";
            foreach (var part in (string[])["--add-ingress-zone=ANY", "--add-egress-zone=trusted", "--set-target=ACCEPT"])
                yield return $"`firewall-cmd --permanent --policy=to-pods {part}`";
            yield return "`firewall-cmd --reload`";
        }
        else if (IsUfw(rules, chain))
        {
            foreach (var range in named) yield return $"`ufw route allow to {range}`";
        }
        else if (IsIptables(chain))
        {
            foreach (var range in destinations) yield return $"`{Insert(chain)} -d {range} -j ACCEPT`";
            if (withAnswers) yield return $"`{Insert(chain)} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`";
        }
        else
        {
            foreach (var range in destinations)
                yield return $"`nft insert rule {chain.Family} {chain.Table} {chain.Name} {(range.Contains(':') ? "ip6" : "ip")} daddr "
                    + $"{range} accept`";
            if (withAnswers)
                yield return $"`nft insert rule {chain.Family} {chain.Table} {chain.Name} ct state established,related accept`";
        }
    }

    /// <param name="ports">Of TCP.</param>
    public static IEnumerable<string> OfInput(NetfilterRules rules, ChainOutcome outcome, List<ushort> ports)
    {
        var chain = outcome.Chain;
        if (IsPanic(rules, chain, outcome.Where)) yield return "`firewall-cmd --panic-off`";
        else if (IsFirewalld(rules, chain))
        {
            var zone = ZoneOf(outcome.By) is { } name ? $" --zone={name}" : "";
            foreach (var port in ports) yield return $"`firewall-cmd --permanent{zone} --add-port={port}/tcp`";
            yield return "`firewall-cmd --reload`";
        }
        else if (IsUfw(rules, chain)) yield return $"`ufw allow {string.Join(',', ports)}/tcp`";
        else if (IsIptables(chain)) yield return $"`{Insert(chain)} -p tcp -m multiport --dports {string.Join(',', ports)} -j ACCEPT`";
        else yield return $"`nft insert rule {chain.Family} {chain.Table} {chain.Name} tcp dport "
            + $"'{{ {string.Join(", ", ports)} }}' accept`";
    }

    /// <summary>firewalld's chains have no policy of drop, with either backend, but in panic mode and for the moment of a reload.</summary>
    private static bool IsPanic(NetfilterRules rules, NetfilterChain chain, string where) => chain.Table == FirewalldPolicyTable
        || (chain.IsDropPolicy && where == ChainWalk.ByPolicy && IsFirewalld(rules, chain));

    /// <summary>With its backend iptables it has a chain for direct rules beside each of the kernel's own.</summary>
    public static bool IsFirewalld(NetfilterRules rules, NetfilterChain chain) => chain.Table == FirewalldTable
        || Has(rules, chain, name => name == $"{chain.Name}_direct");

    private static bool IsUfw(NetfilterRules rules, NetfilterChain chain) => IsIptables(chain)
        && Has(rules, chain, name => name.StartsWith("ufw", StringComparison.Ordinal));

    private static bool Has(NetfilterRules rules, NetfilterChain chain, Func<string, bool> isIt)
        => rules.Chains.Any(c => c.Family == chain.Family && c.Table == chain.Table && isIt(c.Name));

    private static bool IsIptables(NetfilterChain chain)
        => chain is { Family: "ip" or "ip6", Name: "FORWARD" or "INPUT" or "PREROUTING" };

    /// <summary>"filter_IN_public" with the backend nftables, "IN_public" with iptables; policies have chains of such names, too.</summary>
    private static string? ZoneOf(string? chain)
    {
        const string Start = "IN_";
        var at = chain?.IndexOf(Start, StringComparison.Ordinal) ?? -1;
        var name = at is 0 or 7 ? chain![(at + Start.Length)..] : "";
        return name.Length == 0 || name.StartsWith("policy_", StringComparison.Ordinal) ? null : name;
    }

    private static string Insert(NetfilterChain chain)
    {
        var isLegacy = chain.Table.EndsWith(LegacyRules.Suffix, StringComparison.Ordinal);
        var table = isLegacy ? chain.Table[..^LegacyRules.Suffix.Length] : chain.Table;
        return (chain.Family == "ip" ? "iptables" : "ip6tables") + (isLegacy ? "-legacy" : "")
            + (table == "filter" ? "" : $" -t {table}") + $" -I {chain.Name}";
    }
}
