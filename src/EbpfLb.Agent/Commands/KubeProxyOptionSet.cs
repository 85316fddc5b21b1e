using EbpfLb.Configuration;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Model;
using static EbpfLb.Agent.Commands.ConfigOption;
using static EbpfLb.Configuration.Values.OptionText;

namespace EbpfLb.Agent.Commands;

/// <summary>
/// The flags of kube-proxy that stand for a field of its configuration, but for those of <see cref="NodeOptionSet"/>. What has no meaning
/// here is accepted and not in the help.
/// </summary>
internal sealed class KubeProxyOptionSet
{
    private static readonly string[] BesideFile = ["--hostname-override", "--v", "--vmodule", "--logging-format"];

    public IReadOnlyList<ConfigOption> All { get; } = [.. Agent(), .. Flows(), .. Ignored(), .. Logging()];

    /// <summary>Whether kube-proxy heeds the flag beside --config.</summary>
    public static bool CountsBesideFile(ConfigOption option)
        => BesideFile.Contains(option.Name) || option.Name.StartsWith("--log-", StringComparison.Ordinal);

    private static IEnumerable<ConfigOption> Agent() =>
    [
        Proxy("--kubeconfig", "FILE", "How to reach the API server (default: in-cluster, by the pod's service account)",
            (c, text) => c with { ClientConnection = c.ClientConnection with { Kubeconfig = text } }),
        Proxy("--hostname-override", "NAME", "Name of this node's Node object (default: the lowercased host name)",
            (c, text) => text.Trim().Length > 0
            ? c with { HostnameOverride = text }
            : throw new FormatException("a node name is not empty")).Alias("--node-name"),
        Proxy("--proxy-mode", "MODE",
            "Whose defaults and periods count: iptables, nftables or ipvs (default: iptables). The data path is the same",
            (c, text) => c with { Mode = text }),
        Both("--bind-address", "IP", "Its family chooses the default addresses below (default: 0.0.0.0)", WithBindAddress),
        Both(OptionNames.HealthzBindAddress, "IP:PORT", "Serves /healthz, /livez and /readyz (default: 0.0.0.0:10256; \"\" for none)",
            (c, text) => text.Trim().Length > 0
                ? c with { KubeProxy = c.KubeProxy with { HealthzBindAddress = text }, EbpfLb = c.EbpfLb with { ServeHealthz = true } }
                : c with { EbpfLb = c.EbpfLb with { ServeHealthz = false } }),
        Both(OptionNames.MetricsBindAddress, "IP:PORT", "Serves /metrics and /proxyMode (default: 127.0.0.1:10249; \"\" for none)",
            (c, text) => text.Trim().Length > 0
                ? c with { KubeProxy = c.KubeProxy with { MetricsBindAddress = text }, EbpfLb = c.EbpfLb with { ServeMetrics = true } }
                : c with { EbpfLb = c.EbpfLb with { ServeMetrics = false } }),
        ProxySwitch("--bind-address-hard-fail", "An address that cannot be listened on ends the agent",
            (c, on) => c with { BindAddressHardFail = on }),
        // Other modes have no flags of their own: these are for iptables and nftables.
        Proxy(
            "--iptables-sync-period", "TIME", "As --sync-period, with --proxy-mode iptables or nftables (default: 30s)", (c, text) => c with
        {
            Iptables = c.Iptables with { SyncPeriod = Time(text) }, Nftables = c.Nftables with { SyncPeriod = Time(text) },
        }),
        Proxy("--iptables-min-sync-period", "TIME", "As --min-sync-period, with --proxy-mode iptables or nftables (default: 0)",
            (c, text) => c with
        {
            Iptables = c.Iptables with { MinSyncPeriod = Time(text) }, Nftables = c.Nftables with { MinSyncPeriod = Time(text) },
        }),
        Proxy("--ipvs-sync-period", "TIME", "As --sync-period, with --proxy-mode ipvs (default: 30s)",
            (c, text) => c with { Ipvs = c.Ipvs with { SyncPeriod = Time(text) } }),
        Proxy("--ipvs-min-sync-period", "TIME", "As --min-sync-period, with --proxy-mode ipvs (default: 0)",
            (c, text) => c with { Ipvs = c.Ipvs with { MinSyncPeriod = Time(text) } }),
        Proxy("--oom-score-adj", "N", "Written to /proc/self/oom_score_adj (default: left alone; -999 with --config)",
            (c, text) => c with { OomScoreAdj = Int(text) }),
    ];

    private static IEnumerable<ConfigOption> Flows() =>
    [
        Lifetime("--conntrack-tcp-timeout-established",
            "How long an open TCP connection lives without a packet, such as 2h (default, also for 0: 24h)",
            (c, time) => c with { TcpEstablishedTimeout = time }),
        Lifetime("--conntrack-tcp-timeout-close-wait", "How long a TCP connection lives that one side has closed (default, also for 0: 1h)",
            (c, time) => c with { TcpCloseWaitTimeout = time }),
        Lifetime("--conntrack-udp-timeout", "How long a UDP flow lives that had no answer (default, also for 0: 30s)",
            (c, time) => c with { UdpTimeout = time }),
        Lifetime("--conntrack-udp-timeout-stream", "How long a UDP flow lives that had an answer (default, also for 0: 120s)",
            (c, time) => c with { UdpStreamTimeout = time }),
    ];

    private static IEnumerable<ConfigOption> Logging() =>
    [
        Proxy("--v", "N", "How much is logged: 0 usual, 4 every update, 6 everything (default: 0)",
            (c, text) => c with { Logging = c.Logging with { Verbosity = Int(text) } })
            .Alias("--verbosity", "-v"),
        Proxy("--logging-format", "text|json", "As --log-format", (c, text) => c with { Logging = c.Logging with { Format = text } }),
        ProxyList(
            "--vmodule", "LIST", "", (c, texts) => c with { Logging = c.Logging with { Vmodule = texts.Select(VmoduleOf).ToValueList() } }),
        Proxy("--log-flush-frequency", "TIME", "", (c, text) => c with { Logging = c.Logging with { FlushFrequency = Time(text) } }),
        ProxySwitch("--log-text-split-stream", "",
            (c, on) => c with { Logging = c.Logging with { TextOptions = c.Logging.TextOptions with { SplitStream = on } } }),
        Proxy("--log-text-info-buffer-size", "SIZE", "",
            (c, text) => c with { Logging = c.Logging with { TextOptions = c.Logging.TextOptions with { InfoBufferSize = text } } }),
        ProxySwitch("--log-json-split-stream", "",
            (c, on) => c with { Logging = c.Logging with { JsonOptions = c.Logging.JsonOptions with { SplitStream = on } } }),
        Proxy("--log-json-info-buffer-size", "SIZE", "",
            (c, text) => c with { Logging = c.Logging with { JsonOptions = c.Logging.JsonOptions with { InfoBufferSize = text } } }),
    ];

    private static IEnumerable<ConfigOption> Ignored() =>
    [
        Proxy("--kube-api-content-type", "TYPE", "",
            (c, text) => c with { ClientConnection = c.ClientConnection with { ContentType = text } }),
        Proxy("--kube-api-qps", "N", "", (c, text) => c with { ClientConnection = c.ClientConnection with { Qps = Number(text) } }),
        Proxy("--kube-api-burst", "N", "", (c, text) => c with { ClientConnection = c.ClientConnection with { Burst = Int(text) } }),
        ProxyList("--feature-gates", "LIST", "", (c, texts) => c with { FeatureGates = texts.Select(GateOf).ToValueList() }),
        ProxySwitch(
            "--profiling", "PUT /debug/flags/v at the metrics address changes the verbosity", (c, on) => c with { EnableProfiling = on }),
        Proxy("--show-hidden-metrics-for-version", "VERSION", "", (c, text) => c with { ShowHiddenMetricsForVersion = text }),
        Proxy("--iptables-masquerade-bit", "N", "", (c, text) => c with
        {
            Iptables = c.Iptables with { MasqueradeBit = Int(text) }, Nftables = c.Nftables with { MasqueradeBit = Int(text) },
        }),
        Proxy("--ipvs-scheduler", "NAME", "", (c, text) => c with { Ipvs = c.Ipvs with { Scheduler = text } }),
        ProxyList("--ipvs-exclude-cidrs", "LIST", "", (c, texts) => c with { Ipvs = c.Ipvs with { ExcludeCidrs = [.. texts] } }),
        ProxySwitch("--ipvs-strict-arp", "", (c, on) => c with { Ipvs = c.Ipvs with { StrictArp = on } }),
        Proxy("--ipvs-tcp-timeout", "TIME", "", (c, text) => c with { Ipvs = c.Ipvs with { TcpTimeout = Time(text) } }),
        Proxy("--ipvs-tcpfin-timeout", "TIME", "", (c, text) => c with { Ipvs = c.Ipvs with { TcpFinTimeout = Time(text) } }),
        Proxy("--ipvs-udp-timeout", "TIME", "", (c, text) => c with { Ipvs = c.Ipvs with { UdpTimeout = Time(text) } }),
        Proxy("--conntrack-max-per-core", "N", "", (c, text) => c with { Conntrack = c.Conntrack with { MaxPerCore = Int(text) } }),
        Proxy("--conntrack-min", "N", "", (c, text) => c with { Conntrack = c.Conntrack with { Min = Int(text) } }),
        ProxySwitch("--conntrack-tcp-be-liberal", "", (c, on) => c with { Conntrack = c.Conntrack with { TcpBeLiberal = on } }),
        Proxy("--config-sync-period", "TIME",
            "How often everything is read from the API server afresh and compared with what its watches told (default: 15m)",
            (c, text) => c with { ConfigSyncPeriod = Time(text) }),
        Proxy("--proxy-port-range", "RANGE", "", (c, text) => c with { PortRange = text }),
        Proxy("--network-name", "NAME", "", (c, text) => c with { Winkernel = c.Winkernel with { NetworkName = text } }),
        Proxy("--source-vip", "IP", "", (c, text) => c with { Winkernel = c.Winkernel with { SourceVip = text } }),
        ProxySwitch("--enable-dsr", "", (c, on) => c with { Winkernel = c.Winkernel with { EnableDsr = on } }),
        Proxy("--root-hnsendpoint-name", "NAME", "", (c, text) => c with { Winkernel = c.Winkernel with { RootHnsEndpointName = text } }),
        ProxySwitch("--forward-healthcheck-vip", "", (c, on) => c with { Winkernel = c.Winkernel with { ForwardHealthCheckVip = on } }),
        ProxySwitch("--windows-service", "", (c, on) => c with { WindowsRunAsService = on }),
    ];

    private static ConfigOption Lifetime(string name, string description, Func<ConntrackSection, TimeSpan, ConntrackSection> apply)
        => Proxy(name, "TIME", description, (c, text) => c with { Conntrack = apply(c.Conntrack, Time(text)) });

    /// <summary>Addresses that nobody gave follow the family.</summary>
    private static LoadedConfig WithBindAddress(LoadedConfig config, string text)
    {
        var proxy = config.KubeProxy with { BindAddress = text };
        var defaults = new KubeProxyConfiguration();
        if (IpAddress.TryParse(text, out var address) && address.Family == IpFamily.IPv6)
        {
            if (proxy.HealthzBindAddress == defaults.HealthzBindAddress) proxy = proxy with { HealthzBindAddress = "[::]:10256" };
            if (proxy.MetricsBindAddress == defaults.MetricsBindAddress) proxy = proxy with { MetricsBindAddress = "[::1]:10249" };
        }
        return config with { KubeProxy = proxy };
    }

    private static FeatureGate GateOf(string text)
        => text.Split('=') is [var name, var value] ? new FeatureGate(name, Bool(value))
            : throw new FormatException($"'{text}' is no gate; give NAME=true or NAME=false");

    private static VmoduleEntry VmoduleOf(string text)
        => text.Split('=') is [var pattern, var level] ? new VmoduleEntry(pattern, Int(level))
            : throw new FormatException($"'{text}' is no level of a file; give FILE=N");
}
