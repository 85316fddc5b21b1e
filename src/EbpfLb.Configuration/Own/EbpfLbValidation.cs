using System.Text.RegularExpressions;
using EbpfLb.Configuration.Input;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Values;
using EbpfLb.Model;

namespace EbpfLb.Configuration.Own;

/// <summary>What the fields may hold, for files and for options.</summary>
public static partial class EbpfLbValidation
{
    private const int MaxInstanceLength = 63;

    /// <summary>With less a sweep of a full table would take hours.</summary>
    private const double LeastSweepPercent = 0.1;

    private static readonly string[] AttachModes = ["auto", "tcx", "clsact"];

    /// <summary>Everything that is wrong, with the path of the field.</summary>
    public static IReadOnlyList<ConfigProblem> Check(EbpfLbConfiguration config)
    {
        var findings = new Findings(EbpfLbConfiguration.Group, null);
        Check(config, findings);
        return findings.Errors;
    }

    /// <summary>What is wrong with both configurations together: each may give one of the periods.</summary>
    public static IReadOnlyList<ConfigProblem> CheckTogether(KubeProxyConfiguration proxy, EbpfLbConfiguration own)
    {
        var findings = new Findings(EbpfLbConfiguration.Group, null);
        if (own.SyncPeriod is null != own.MinSyncPeriod is null)
            PeriodRules.CheckOrder("minSyncPeriod", own.MinSyncPeriod ?? proxy.MinSyncPeriod, "syncPeriod",
                own.SyncPeriod ?? proxy.SyncPeriod, findings);
        return findings.Errors;
    }

    internal static void Check(EbpfLbConfiguration config, Findings findings)
    {
        if (!InstanceName().IsMatch(config.Instance))
            findings.Error("instance", $"'{config.Instance}' is not an instance name; use 1 to {MaxInstanceLength} letters, digits, '-' "
                + $"or '_'");
        if (config.Manifests.Length > 0 && config.ApiServers.Count > 0)
            findings.Error("apiServers", "excludes manifests: the cluster's state has one source; remove one of them");
        foreach (var (index, text) in config.ApiServers.Index())
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http"))
                findings.Error($"apiServers[{index}]", $"'{text}' is not an address of a server; give one such as https://10.0.0.1:6443");
        }
        if (config.ServiceMetrics < 0) findings.Error("serviceMetrics",
            $"{config.ServiceMetrics} is not a number of service ports; give 0 for none, or more");
        CheckPeriods(config, findings);
        if (config.LogFormat is not ("" or "text" or "json")) findings.Error("logFormat",
            $"'{config.LogFormat}' is none of its values; give text or json");
        if (config.UnknownPorts is not ("reject" or "ignore")) findings.Error("unknownPorts",
            $"'{config.UnknownPorts}' is none of its values; give reject or ignore");
        CheckSizes(config.Sizes, findings);
        CheckPatterns("devices.uplinks", config.Devices.Uplinks, findings);
        CheckPatterns("devices.exclude", config.Devices.Exclude, findings);
        CheckPatterns("devices.pods", config.Devices.Pods, findings);
        if (!AttachModes.Contains(config.Devices.TcAttach)) findings.Error("devices.tcAttach",
            $"'{config.Devices.TcAttach}' is none of its values; give auto, tcx or clsact");
        if (config.Flows.SweepCpuPercent is not (>= LeastSweepPercent and <= 100))
            findings.Error("flows.sweepCpuPercent", $"{config.Flows.SweepCpuPercent} is not a share of a core that flows can be expired "
                + $"with; give a percentage from {LeastSweepPercent} to 100");
        if (config.AnswerLimit.Length > 0 && !AnswerLimitText.TryParse(config.AnswerLimit, out _))
            findings.Error("answerLimit", $"'{config.AnswerLimit}' is no limit of answers; give milliseconds/a second/at once, such as "
                + $"1000/1000/50, or off");
        CheckPorts(config, findings);
    }

    private static void CheckPeriods(EbpfLbConfiguration config, Findings findings)
    {
        PeriodRules.CheckPeriodOrOff("verifyPeriod", config.VerifyPeriod, findings);
        if (config.SyncPeriod is not { } sync) return;
        PeriodRules.CheckPeriod("syncPeriod", sync, findings);
        if (config.MinSyncPeriod is { } min) PeriodRules.CheckOrder("minSyncPeriod", min, "syncPeriod", sync, findings);
    }

    private static void CheckSizes(SizesSection sizes, Findings findings)
    {
        foreach (var row in SizeRow.All)
        {
            if (row.Problem(sizes[row.Size]) is { } problem) findings.Error(row.Path, problem);
        }
    }

    private static void CheckPatterns(string path, ValueList<string> patterns, Findings findings)
    {
        foreach (var (index, text) in patterns.Index())
        {
            if (!DevicePattern().IsMatch(text) || text is "." or "..")
                findings.Error($"{path}[{index}]", $"'{text}' is no name of a device; give one such as eth0, or a pattern such as bond+ "
                    + $"or enp*");
        }
    }

    private static void CheckPorts(EbpfLbConfiguration config, Findings findings)
    {
        var snat = config.SnatPorts.Length == 0 ? null : Ports("snatPorts", config.SnatPorts, findings);
        var nodes = Ports("nodePortRange", config.NodePortRange, findings);
        if (snat is { } s && nodes is { } n && s.First <= n.Last && n.First <= s.Last)
            findings.Error("snatPorts", $"{config.SnatPorts} and nodePortRange {config.NodePortRange} overlap: answers to masqueraded "
                + $"connections would be taken for requests; move one of them");
    }

    private static (ushort First, ushort Last)? Ports(string path, string text, Findings findings)
    {
        if (PortsText.TryParse(text, out var ports)) return ports;
        findings.Error(path, $"'{text}' is not a range of ports; give one such as 61000-65535");
        return null;
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,63}$", RegexOptions.None, 1000)]
    private static partial Regex InstanceName();

    /// <summary>IFNAMSIZ - 1 letters, and one for a "+" behind them.</summary>
    [GeneratedRegex(@"^[^\s/?\\,]{1,16}$", RegexOptions.None, 1000)]
    private static partial Regex DevicePattern();
}
