using EbpfLb.Configuration.Input;
using EbpfLb.Configuration.Values;
using EbpfLb.Model;

namespace EbpfLb.Configuration.KubeProxy;

/// <summary>
/// The rules of docs/contract.md 16, for files and for flags: what single fields may hold, named in their rows
/// (<see cref="KubeProxyFields"/>), and what several may hold together.
/// </summary>
internal static class KubeProxyValidation
{
    private const int MaxMasqueradeBit = 31;
    private const int MaxOomScore = 1000;

    /// <summary>kube-proxy has one of each family; networks of several blocks need more.</summary>
    private const int MostClusterCidrs = 8;

    /// <summary>Schedulers of IPVS that are not to be had here (docs/policy.md, "What differs from IPVS").</summary>
    private static readonly string[] SchedulersOfIpvsOnly = ["lblc", "lblcr", "fo", "ovf"];

    private static readonly string[] Keywords = ["primary", "localhost", "all"];

    public static void CheckTogether(LoadedConfig both, Findings findings)
    {
        var config = both.KubeProxy;
        CheckOrder("iptables", config.Iptables.MinSyncPeriod, config.Iptables.SyncPeriod, findings);
        CheckOrder("ipvs", config.Ipvs.MinSyncPeriod, config.Ipvs.SyncPeriod, findings);
        CheckOrder("nftables", config.Nftables.MinSyncPeriod, config.Nftables.SyncPeriod, findings);
        CheckScheduler(config, findings);
        if (config.DetectLocalMode == DetectLocalModes.BridgeInterface && config.DetectLocal.BridgeInterface.Length == 0)
            findings.Error(
                "detectLocal.bridgeInterface", $"is empty, and detectLocalMode {config.DetectLocalMode} needs it; name the bridge");
        if (config.DetectLocalMode == DetectLocalModes.InterfaceNamePrefix && config.DetectLocal.InterfaceNamePrefix.Length == 0)
            findings.Error("detectLocal.interfaceNamePrefix",
                $"is empty, and detectLocalMode {config.DetectLocalMode} needs it; give the begin of the devices' names");
    }

    public static void CheckAddress(string path, string text, Findings findings)
    {
        if (!IpAddress.TryParse(text, out _)) findings.Error(path, $"'{text}' is not an IP address; give one such as 0.0.0.0 or ::");
    }

    public static void CheckOomScore(string path, int score, Findings findings)
    {
        if (score is < -MaxOomScore or > MaxOomScore)
            findings.Error(path, $"{score} is out of range; give {-MaxOomScore} to {MaxOomScore}");
    }

    public static void CheckBit(string path, int bit, Findings findings)
    {
        if (bit is < 0 or > MaxMasqueradeBit) findings.Error(path, $"{bit} is no bit of a mark; give 0 to {MaxMasqueradeBit}");
    }

    public static void CheckRanges(string path, ValueList<string> texts, Findings findings)
    {
        foreach (var (index, text) in texts.Index())
            if (!SourceRange.TryParse(text, out _)) findings.Error($"{path}[{index}]", NoRange(text));
    }

    public static void CheckNodePortAddresses(string path, ValueList<string> texts, Findings findings)
    {
        foreach (var (index, text) in texts.Index())
        {
            if (!Keywords.Contains(text) && !SourceRange.TryParse(text, out _))
                findings.Error($"{path}[{index}]", $"{NoRange(text)}, or {string.Join(", ", Keywords[..^1])} or {Keywords[^1]}");
        }
    }

    public static void CheckClusterCidr(string path, string text, Findings findings)
    {
        if (text.Length == 0) return;
        List<SourceRange> ranges = [];
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (SourceRange.TryParse(part, out var range)) ranges.Add(range);
            else findings.Error(path, NoRange(part));
        }
        foreach (var family in ranges.GroupBy(r => r.Prefix.Family).Where(g => g.Count() > MostClusterCidrs))
            findings.Error(path,
                $"has {family.Count()} ranges of {family.Key}; give {MostClusterCidrs} at "
                    + "most, with one prefix around several where that is possible");
    }

    /// <summary>As kube-proxy, which looks at the section of its mode only.</summary>
    private static void CheckScheduler(KubeProxyConfiguration config, Findings findings)
    {
        if (config.Scheduler is not { } name || SchedulerNames.TryParse(name, out _)) return;
        if (SchedulersOfIpvsOnly.Contains(name))
            findings.Warn("ipvs.scheduler", $"'{name}' is not to be had here, and {KubeProxyConfiguration.DefaultScheduler} is used; give "
                + SchedulerNames.Allowed);
        else
            findings.Error("ipvs.scheduler", $"'{name}' is no scheduler; give {SchedulerNames.Allowed}");
    }

    private static void CheckOrder(string section, TimeSpan min, TimeSpan sync, Findings findings)
        => PeriodRules.CheckOrder($"{section}.minSyncPeriod", min, $"{section}.syncPeriod", sync, findings);

    private static string NoRange(string text) => $"'{text}' is not a range of addresses; give one such as 10.244.0.0/16";
}
