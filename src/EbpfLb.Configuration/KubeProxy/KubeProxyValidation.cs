using EbpfLb.Configuration.Input;
using EbpfLb.Configuration.Values;
using EbpfLb.Model;

namespace EbpfLb.Configuration.KubeProxy;

/// <summary>The rules of docs/contract.md 16, for files and for flags.</summary>
public static class KubeProxyValidation
{
    private const int MaxMasqueradeBit = 31;
    private const int MaxOomScore = 1000;

    private static readonly string[] Keywords = ["primary", "localhost", "all"];

    /// <summary>Everything that is wrong, with the path of the field.</summary>
    public static IReadOnlyList<ConfigProblem> Check(KubeProxyConfiguration config)
    {
        var findings = new Findings(KubeProxyConfiguration.Group, null);
        Check(config, findings);
        return findings.Errors;
    }

    internal static void Check(KubeProxyConfiguration config, Findings findings)
    {
        CheckBit("iptables.masqueradeBit", config.Iptables.MasqueradeBit, findings);
        CheckPeriods("iptables", config.Iptables.SyncPeriod, config.Iptables.MinSyncPeriod, findings);
        CheckPeriods("ipvs", config.Ipvs.SyncPeriod, config.Ipvs.MinSyncPeriod, findings);
        foreach (var (index, text) in config.Ipvs.ExcludeCidrs.Index())
            if (!SourceRange.TryParse(text, out _)) findings.Error($"ipvs.excludeCIDRs[{index}]", NoRange(text));
        CheckBit("nftables.masqueradeBit", config.Nftables.MasqueradeBit, findings);
        CheckPeriods("nftables", config.Nftables.SyncPeriod, config.Nftables.MinSyncPeriod, findings);

        if (config.OomScoreAdj is < -MaxOomScore or > MaxOomScore)
            findings.Error("oomScoreAdj", $"{config.OomScoreAdj} is out of range; give {-MaxOomScore} to {MaxOomScore}");
        PeriodRules.CheckPeriod("configSyncPeriod", config.ConfigSyncPeriod, findings);
        if (!IpAddress.TryParse(config.BindAddress, out _))
            findings.Error("bindAddress", $"'{config.BindAddress}' is not an IP address; give one such as 0.0.0.0 or ::");
        CheckEndpoint("healthzBindAddress", config.HealthzBindAddress, ConfigPorts.Healthz, findings);
        CheckEndpoint("metricsBindAddress", config.MetricsBindAddress, ConfigPorts.Metrics, findings);
        CheckNotNegative("clientConnection.burst", config.ClientConnection.Burst, findings);
        CheckChoice("mode", config.Mode, ProxyModes.All, findings);
        CheckChoice("logging.format", config.Logging.Format, ["text", "json"], findings);
        CheckNotNegative("logging.verbosity", config.Logging.Verbosity, findings);
        CheckNotNegative("conntrack.maxPerCore", config.Conntrack.MaxPerCore, findings);
        CheckNotNegative("conntrack.min", config.Conntrack.Min, findings);
        CheckDetector(config, findings);
        CheckClusterCidr(config.ClusterCidr, findings);
        foreach (var (index, text) in config.NodePortAddresses.Index())
        {
            if (!Keywords.Contains(text) && !SourceRange.TryParse(text, out _))
                findings.Error($"nodePortAddresses[{index}]", $"{NoRange(text)}, or {string.Join(", ", Keywords[..^1])} or {Keywords[^1]}");
        }
    }

    private static void CheckDetector(KubeProxyConfiguration config, Findings findings)
    {
        CheckChoice("detectLocalMode", config.DetectLocalMode, DetectLocalModes.All, findings);
        if (config.DetectLocalMode == DetectLocalModes.BridgeInterface && config.DetectLocal.BridgeInterface.Length == 0)
            findings.Error(
                "detectLocal.bridgeInterface", $"is empty, and detectLocalMode {config.DetectLocalMode} needs it; name the bridge");
        if (config.DetectLocalMode == DetectLocalModes.InterfaceNamePrefix && config.DetectLocal.InterfaceNamePrefix.Length == 0)
            findings.Error("detectLocal.interfaceNamePrefix",
                $"is empty, and detectLocalMode {config.DetectLocalMode} needs it; give the begin of the devices' names");
    }

    /// <summary>kube-proxy has one of each family; networks of several blocks need more.</summary>
    private const int MostClusterCidrs = 8;

    private static void CheckClusterCidr(string text, Findings findings)
    {
        if (text.Length == 0) return;
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        List<SourceRange> ranges = [];
        foreach (var part in parts)
        {
            if (SourceRange.TryParse(part, out var range)) ranges.Add(range);
            else findings.Error("clusterCIDR", NoRange(part));
        }
        foreach (var family in ranges.GroupBy(r => r.Prefix.Family).Where(g => g.Count() > MostClusterCidrs))
            findings.Error("clusterCIDR",
                $"has {family.Count()} ranges of {family.Key}; give {MostClusterCidrs} at "
                    + "most, with one prefix around several where that is possible");
    }

    private static void CheckPeriods(string section, TimeSpan sync, TimeSpan min, Findings findings)
    {
        PeriodRules.CheckPeriod($"{section}.syncPeriod", sync, findings);
        PeriodRules.CheckOrder($"{section}.minSyncPeriod", min, $"{section}.syncPeriod", sync, findings);
    }

    private static void CheckBit(string path, int bit, Findings findings)
    {
        if (bit is < 0 or > MaxMasqueradeBit) findings.Error(path, $"{bit} is no bit of a mark; give 0 to {MaxMasqueradeBit}");
    }

    private static void CheckNotNegative(string path, int number, Findings findings)
    {
        if (number < 0) findings.Error(path, $"{number} is negative; give 0 or more");
    }

    private static void CheckEndpoint(string path, string text, int port, Findings findings)
    {
        try
        {
            EndpointText.Parse(text, port);
        }
        catch (FormatException e)
        {
            findings.Error(path, e.Message);
        }
    }

    private static void CheckChoice(string path, string text, string[] choices, Findings findings)
    {
        if (text.Length == 0 || choices.Contains(text)) return;
        var hint = NearName.Of(text, choices) is { } near ? $"did you mean {near}?"
            : $"give {string.Join(", ", choices[..^1])} or {choices[^1]}";
        findings.Error(path, $"'{text}' is none of its values; {hint}");
    }

    private static string NoRange(string text) => $"'{text}' is not a range of addresses; give one such as 10.244.0.0/16";
}
