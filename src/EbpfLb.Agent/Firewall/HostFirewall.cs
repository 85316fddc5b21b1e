using System.Net;
using System.Net.Sockets;
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
    private const string Firewalld = "firewalld", KubeProxyTable = "kube-proxy";
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

    /// <summary>To pods of this node.</summary>
    public IReadOnlyList<FirewallFinding> Forward()
    {
        var packets = around.Pods.Select(p => (Pod: (PodDestination?)p, Packet: new NewConnection(
            p.Named.BaseAddress.AddressFamily, NetfilterHook.Forward, p.Addresses, null)
        {
            Inputs = around.Inputs, Outputs = p.Device is { } device ? [device] : [],
        })).ToList();
        if (packets.Count == 0)
            packets = [.. Families.Select(f => ((PodDestination?)null, new NewConnection(f, NetfilterHook.Forward, null, null)
            {
                Inputs = around.Inputs,
            }))];
        var found = packets.SelectMany(p => new ChainWalk(rules, p.Packet).Outcomes()
            .Where(o => o.End != ChainEnd.Passes).Select(o => (p.Pod, p.Packet.FamilyName, Outcome: o)));
        return [.. found.GroupBy(f => (f.Outcome.Chain, f.Outcome.End, f.Outcome.Where)).Select(group =>
        {
            var ranges = group.Where(g => g.Pod is not null).Select(g => g.Pod!.Named).Distinct().ToList();
            return Of(group.Key.Chain, group.Key.End, group.Key.Where,
                ranges.Count == 0 ? "to pods" : $"to pods ({Text(ranges)})",
                "packets that the programs sent to a pod here have neither `ct status dnat` nor kube-proxy's mark",
                string.Join("; ", ForwardLines(group.Key.Chain, ranges)));
        })];
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
                $"to {string.Join(", ", ports.Take(Shown).Select(p => $"port {p} ({around.OwnPorts[p]})"))}{More(ports.Count)}",
                "kube-proxy opens health check node ports itself, and EbpfLb opens none",
                string.Join("; ", InputLines(group.Key.Chain, ports)));
        })];
    }

    private static IEnumerable<AddressFamily> Families => [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];

    private static FirewallFinding Of(NetfilterChain chain, ChainEnd end, string where, string what, string why, string remedy)
    {
        var at = $"table {chain.Family} {chain.Table}, chain {chain.Name} (hook {$"{chain.Hook}".ToLowerInvariant()})";
        return end switch
        {
            ChainEnd.Drops => new($"{at}: {where}, so new connections {what} fail: {why}", remedy, true),
            ChainEnd.MayPass => new($"{at}: {where}, and not all rules before it could be judged: new connections {what} may fail; {why}",
                $"try one from outside to a NodePort; if it fails: {remedy}", false),
            _ => new($"{at}: {where} under conditions that could not be judged: some new connections {what} may fail; {why}",
                $"see what the rule is for; what it must not drop: {remedy}", false),
        };
    }

    private IEnumerable<string> ForwardLines(NetfilterChain chain, List<IPNetwork> ranges)
    {
        var named = ranges.Count > 0 ? ranges.Take(Shown).Select(r => $"{r}").ToList() : ["PODCIDR"];
        if (chain.Table == Firewalld)
        {
            foreach (var range in named) yield return $"`firewall-cmd --permanent --zone=trusted --add-source={range}`";
            yield return "`firewall-cmd --permanent --new-policy=to-pods`";
            foreach (var part in (string[])["--add-ingress-zone=ANY", "--add-egress-zone=trusted", "--set-target=ACCEPT"])
                yield return $"`firewall-cmd --permanent --policy=to-pods {part}`";
            yield return "`firewall-cmd --reload`";
        }
        else if (IsUfw(chain))
        {
            foreach (var range in named) yield return $"`ufw route allow to {range}`";
        }
        else if (IsIptables(chain))
        {
            foreach (var range in named) yield return $"`{Tool(chain)} -I {chain.Name} -d {range} -j ACCEPT`";
        }
        else
        {
            foreach (var range in named)
                yield return $"`nft insert rule {chain.Family} {chain.Table} {chain.Name} {(range.Contains(':') ? "ip6" : "ip")} daddr "
                    + $"{range} accept`";
        }
    }

    private IEnumerable<string> InputLines(NetfilterChain chain, List<ushort> ports)
    {
        if (chain.Table == Firewalld)
        {
            foreach (var port in ports) yield return $"`firewall-cmd --permanent --add-port={port}/tcp`";
            yield return "`firewall-cmd --reload`";
        }
        else if (IsUfw(chain)) yield return $"`ufw allow {string.Join(',', ports)}/tcp`";
        else if (IsIptables(chain))
            yield return $"`{Tool(chain)} -I {chain.Name} -p tcp -m multiport --dports {string.Join(',', ports)} -j ACCEPT`";
        else yield return $"`nft insert rule {chain.Family} {chain.Table} {chain.Name} tcp dport "
            + $"'{{ {string.Join(", ", ports)} }}' accept`";
    }

    private bool IsUfw(NetfilterChain chain) => IsIptables(chain)
        && rules.Chains.Any(c => c.Table == chain.Table && c.Name.StartsWith("ufw", StringComparison.Ordinal));

    private static bool IsIptables(NetfilterChain chain) => chain is { Family: "ip" or "ip6", Name: "FORWARD" or "INPUT" };

    private static string Tool(NetfilterChain chain) => (chain.Family == "ip" ? "iptables" : "ip6tables")
        + (chain.Table.EndsWith(LegacyRules.Suffix, StringComparison.Ordinal) ? "-legacy" : "");

    private static string Text(List<IPNetwork> ranges) => string.Join(", ", ranges.Take(Shown)) + More(ranges.Count);

    private static string More(int count) => count > Shown ? $" and {count - Shown} more" : "";
}
