using System.Text.RegularExpressions;
using EbpfLb.Configuration.Input;
using EbpfLb.Configuration.Values;
using EbpfLb.Model;

namespace EbpfLb.Configuration.Own;

/// <summary>
/// What the fields may hold, for files and for options: what single ones may, named in their rows (<see cref="EbpfLbFields"/>), and what
/// several may together.
/// </summary>
internal static partial class EbpfLbValidation
{
    private const int MaxInstanceLength = 63;

    /// <summary>What every host takes of IPv4 (RFC 9293 3.7.1).</summary>
    private const int LeastMss = 536;

    /// <summary>With less a sweep of a full table would take hours.</summary>
    private const double LeastSweepPercent = 0.1;

    public static void CheckTogether(LoadedConfig both, Findings findings)
    {
        var config = both.EbpfLb;
        if (config.Manifests.Length > 0 && config.ApiServers.Count > 0)
            findings.Error("apiServers", "excludes manifests: the cluster's state has one source; remove one of them");
        if (config is { Forwarding: "dsr" or "hybrid", Tunnel: "none" })
            findings.Error("forwarding", $"{config.Forwarding} needs a tunnel to the other nodes; set tunnel to ipip or geneve, on all of "
                + "them first");
        if (config is { SyncPeriod: { } sync, MinSyncPeriod: { } min })
            PeriodRules.CheckOrder("minSyncPeriod", min, "syncPeriod", sync, findings);
        if (PortsText.TryParse(config.SnatPorts, out var snat) && PortsText.TryParse(config.NodePortRange, out var nodes)
            && snat.First <= nodes.Last && nodes.First <= snat.Last)
            findings.Error("snatPorts", $"{config.SnatPorts} and nodePortRange {config.NodePortRange} overlap: answers to masqueraded "
                + $"connections would be taken for requests; move one of them");
    }

    /// <summary>With kube-proxy's configuration: each may give one of the periods.</summary>
    public static void CheckWithKubeProxy(LoadedConfig both, Findings findings)
    {
        var (proxy, own) = (both.KubeProxy, both.EbpfLb);
        if (own.SyncPeriod is null != own.MinSyncPeriod is null)
            PeriodRules.CheckOrder("minSyncPeriod", own.MinSyncPeriod ?? proxy.MinSyncPeriod, "syncPeriod",
                own.SyncPeriod ?? proxy.SyncPeriod, findings);
    }

    public static void CheckInstance(string path, string name, Findings findings)
    {
        if (!InstanceName().IsMatch(name))
            findings.Error(path, $"'{name}' is not an instance name; use 1 to {MaxInstanceLength} letters, digits, '-' or '_'");
    }

    public static void CheckServers(string path, ValueList<string> servers, Findings findings)
    {
        foreach (var (index, text) in servers.Index())
        {
            if (text.AsSpan().IndexOf('<') is var open and >= 0 && text.IndexOf('>', open) is var close and > 0)
                findings.Error($"{path}[{index}]",
                    $"'{text}' is not an address of a server: {text[open..(close + 1)]} stands for what is to be written there; give the "
                    + "API server's own address, such as https://10.0.0.1:6443");
            else if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http"))
                findings.Error($"{path}[{index}]", $"'{text}' is not an address of a server; give one such as https://10.0.0.1:6443");
        }
    }

    public static void CheckHostNames(string path, ValueList<string> names, Findings findings)
    {
        foreach (var (index, name) in names.Index())
        {
            if (Uri.CheckHostName(name) != UriHostNameType.Dns)
                findings.Error($"{path}[{index}]", $"'{name}' is not a host name; give one such as node-1.example.org, without a port");
        }
    }

    public static void CheckServiceMetrics(string path, int ports, Findings findings)
    {
        if (ports < 0) findings.Error(path, $"{ports} is not a number of service ports; give 0 for none, or more");
    }

    public static void CheckBackendMetrics(string path, int backends, Findings findings)
    {
        if (backends < 0) findings.Error(path, $"{backends} is not a number of backends; give 0 for none, or more");
    }

    public static void CheckScheduler(string path, string name, Findings findings)
    {
        if (name.Length > 0 && !SchedulerNames.TryParse(name, out _))
            findings.Error(path, $"'{name}' is no scheduler; give {SchedulerNames.Allowed}");
    }

    public static void CheckMaglevTableSize(string path, int size, Findings findings)
    {
        if (!MaglevTableSize.IsAllowed(size)) findings.Error(path, $"{size} is no size of a table; give {MaglevTableSize.Allowed}");
    }

    public static void CheckTunnelPort(string path, int port, Findings findings)
    {
        if (port is < 1 or > ushort.MaxValue) findings.Error(path, $"{port} is no port; give 1 to 65535");
    }

    public static void CheckTunnelMss(string path, int bytes, Findings findings)
    {
        if (bytes != 0 && bytes is < LeastMss or > ushort.MaxValue)
            findings.Error(path, $"{bytes} is no length of a segment; give {LeastMss} to 65535, or 0 to leave it to the backends");
    }

    public static void CheckMaybePeriod(string path, TimeSpan? period, Findings findings)
    {
        if (period is { } given) PeriodRules.CheckPeriod(path, given, findings);
    }

    public static void CheckPatterns(string path, ValueList<string> patterns, Findings findings)
    {
        foreach (var (index, text) in patterns.Index())
        {
            if (!DevicePattern().IsMatch(text) || text is "." or "..")
                findings.Error($"{path}[{index}]", $"'{text}' is no name of a device; give one such as eth0, or a pattern such as bond+ "
                    + $"or enp*");
        }
    }

    public static void CheckAnswerLimit(string path, string text, Findings findings)
    {
        if (text.Length > 0 && !AnswerLimitText.TryParse(text, out _))
            findings.Error(path, $"'{text}' is no limit of answers; give milliseconds/a second/at once, such as 1000/1000/50, or off");
    }

    public static void CheckSweepPercent(string path, double percent, Findings findings)
    {
        if (percent is not (>= LeastSweepPercent and <= 100))
            findings.Error(path, $"{percent} is not a share of a core that flows can be expired with; give a percentage from "
                + $"{LeastSweepPercent} to 100");
    }

    public static void CheckMaybePorts(string path, string text, Findings findings)
    {
        if (text.Length > 0) CheckPorts(path, text, findings);
    }

    public static void CheckPorts(string path, string text, Findings findings)
    {
        if (!PortsText.TryParse(text, out _)) findings.Error(path, $"'{text}' is not a range of ports; give one such as 61000-65535");
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,63}$", RegexOptions.None, 1000)]
    private static partial Regex InstanceName();

    /// <summary>IFNAMSIZ - 1 letters, and one for a "+" behind them.</summary>
    [GeneratedRegex(@"^[^\s/?\\,]{1,16}$", RegexOptions.None, 1000)]
    private static partial Regex DevicePattern();
}
