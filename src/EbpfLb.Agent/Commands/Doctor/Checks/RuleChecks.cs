using EbpfLb.Model;
using EbpfLb.Netlink.Netfilter;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>Rules of netfilter: those of the CNI plugin that choose source ports, and those that kube-proxy has left.</summary>
internal static class RuleChecks
{
    private const string Masquerade = "ports.masquerade", Rules = "kube-proxy.rules", Process = "kube-proxy.process";

    /// <summary>The device that kube-proxy's mode ipvs has its addresses on.</summary>
    private const string IpvsDevice = "kube-ipvs0";

    /// <summary>kubelet makes other chains that begin with KUBE.</summary>
    private static readonly string[] ChainsOfProxy = ["KUBE-SVC-", "KUBE-SEP-", "KUBE-XLB-", "KUBE-EXT-", "KUBE-SERVICES",
        "KUBE-NODEPORTS"];

    private static readonly string[] TablesOfProxy = ["kube-proxy"];

    public static IEnumerable<CheckResult> OfMasquerading(DoctorFacts facts)
    {
        using var reader = NetfilterReader.Open();
        return [.. Judge(reader.Read(), facts.Live.Node.SnatPorts), .. Older(LegacyTables.Read())];
    }

    public static IEnumerable<CheckResult> OfProxy(DoctorFacts facts)
    {
        using var reader = NetfilterReader.Open();
        return [JudgeLeft(reader.Read(), facts.Network.Links.Any(l => l.Name == IpvsDevice), Processes.Find("kube-proxy"),
            LegacyTables.Read())];
    }

    public static IEnumerable<CheckResult> OfProxyProcess(DoctorFacts facts)
    {
        var pids = Processes.Find("kube-proxy");
        yield return pids.Count > 0
            ? CheckResult.Warning(Process, $"kube-proxy runs on this node (pid {string.Join(", ", pids)}) and writes rules for the same "
                + $"Services",
                "take it away with `ebpflb migrate`, when this agent is ready")
            : Processes.SeesAll ? CheckResult.Ok(Process, "kube-proxy does not run here")
            : CheckResult.NotKnown(Process, "processes of the node are not seen from this pid namespace",
                "give the pod hostPID, or run it on the host");
    }

    public static IEnumerable<CheckResult> Judge(NetfilterRules rules, PortRange snat)
    {
        var found = rules.Rules.Where(r => r.SourceNat is not null && !IsProxys(r)).ToList();
        var shared = found.Where(r => Shares(r.SourceNat!, snat)).GroupBy(r => (r.Family, r.Table, r.Chain, r.SourceNat)).ToList();
        foreach (var rule in shared)
        {
            var ports = rule.Key.SourceNat is { First: { } first, Last: { } last } ? $"ports {first}-{last}" : "random ports from 1024 on";
            yield return CheckResult.Warning(Masquerade,
                $"table {rule.Key.Family} {rule.Key.Table}, chain {rule.Key.Chain}: masquerades with {ports}, also with those of "
                    + $"{OptionNames.SnatPorts} {snat}; where both use one towards a backend, a connection waits or fails",
                "have the CNI plugin masquerade with other ports (iptables --to-ports 32768-65535, nftables `masquerade to :32768-65535`, "
                    + "natPortRange of Calico)");
        }
        if (shared.Count == 0)
            yield return CheckResult.Ok(Masquerade, found.Count == 0 ? "no rule of nf_tables masquerades"
                : $"{found.Count} rules of nf_tables masquerade, none with ports of {OptionNames.SnatPorts} {snat} by choice");
    }

    /// <param name="pids">kube-proxy's processes.</param>
    public static CheckResult JudgeLeft(NetfilterRules rules, bool hasIpvsDevice, IReadOnlyList<int> pids, LegacyTables legacy)
    {
        List<string> left = [];
        var chains = rules.Chains.Where(IsProxys).ToList();
        foreach (var table in chains.GroupBy(c => (c.Family, c.Table)))
            left.Add($"{table.Count()} chains such as {table.First().Name} in table {table.Key.Family} {table.Key.Table}");
        left.AddRange(rules.Tables.Where(t => TablesOfProxy.Contains(t.Name)).Select(t => $"table {t.Family} {t.Name}"));
        left.AddRange(legacy.Chains.Where(c => IsProxys(c.Chain)).GroupBy(c => c.Tool).Select(g
            => $"{g.Count()} chains such as {g.First().Chain} that {g.Key} shows"));
        if (hasIpvsDevice) left.Add($"device {IpvsDevice}");
        if (left.Count == 0)
            return legacy.Unread is { } unread ? CheckResult.NotKnown(Rules, $"nothing of kube-proxy in nf_tables; {unread}",
                LegacyTables.Look)
                : CheckResult.Ok(Rules, "nothing of kube-proxy is there");
        var what = string.Join("; ", left);
        return pids.Count > 0 ? CheckResult.Warning(Rules, $"kube-proxy's {what}", "`ebpflb migrate` takes kube-proxy and its rules away")
            : Processes.SeesAll ? CheckResult.Problem(Rules,
                $"kube-proxy is away and has left {what}: what meets these rules goes to endpoints of then",
                $"`ebpflb migrate` removes them; `kube-proxy {OptionNames.Cleanup}` does, too")
            : CheckResult.Warning(Rules, $"kube-proxy's {what}", "if kube-proxy is away, `ebpflb migrate` removes them");
    }

    private static IEnumerable<CheckResult> Older(LegacyTables legacy)
    {
        if (legacy.Unread is { } unread) yield return CheckResult.NotKnown(Masquerade, unread, LegacyTables.Look);
        else if (legacy.Masquerading > 0)
            yield return CheckResult.NotKnown(Masquerade, $"{legacy.Masquerading} rules of the older ip_tables masquerade; their ports are "
                + $"not looked at",
                LegacyTables.Look);
    }

    private static bool Shares(SourceNat nat, PortRange snat)
        => nat is { First: { } first, Last: { } last } ? first <= snat.Last && last >= snat.First : nat.IsRandom;

    private static bool IsProxys(NetfilterChain chain) => !TablesOfProxy.Contains(chain.Table) && IsProxys(chain.Name);

    private static bool IsProxys(string chain) => ChainsOfProxy.Any(p => chain.StartsWith(p, StringComparison.Ordinal));

    /// <summary>Its rule masquerades only what its other rules have marked.</summary>
    private static bool IsProxys(NetfilterRule rule) => TablesOfProxy.Contains(rule.Table) || rule.Chain == "KUBE-POSTROUTING";
}
