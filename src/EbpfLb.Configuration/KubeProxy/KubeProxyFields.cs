using EbpfLb.Configuration.Fields;
using EbpfLb.Configuration.Values;
using EbpfLb.Model;
using static EbpfLb.Configuration.Fields.FieldChecks;
using static EbpfLb.Configuration.Fields.FieldKinds;
using static EbpfLb.Configuration.Fields.FieldNote;
using static EbpfLb.Configuration.KubeProxy.KubeProxyKinds;
using static EbpfLb.Configuration.KubeProxy.KubeProxyValidation;

namespace EbpfLb.Configuration.KubeProxy;

/// <summary>
/// Every field of kube-proxy, one row each, and what it does here. Its flags that stand for no field are <see cref="KubeProxyFlags"/>.
/// </summary>
public static class KubeProxyFields
{
    private const string NoMarks = "packets are not marked to be masqueraded";
    private const string NoNetfilter = "netfilter's connection tracking is not used; the flow table's size is ebpflb.io sizes.flows";
    private const string Windows = "of Windows";
    private const string OneStream = "each line is written at once, and to one stream";
    private const string FewRequests = "the agent lists and watches a handful of kinds and needs no limit";

    internal const string NoIpvs = "IPVS is not used";

    public static IReadOnlyList<FieldRow> Rows { get; } =
    [
        Of(Text, Restart("mode", OptionNames.ProxyMode,
                "chooses whose periods, masqueradeAll and default of nodePortAddresses count: "
                    + "iptables (\"\" too), nftables or ipvs; the data path is ours in all, and only with ipvs does ipvs.scheduler count"),
            c => c.Mode, (c, v) => c with { Mode = v }, OptionUse.Agent, "MODE",
            "Whose defaults and periods count: iptables, nftables or ipvs (default: iptables). The data path is the same; "
                + "only with ipvs does ipvs.scheduler count",
            check: Choice(ProxyModes.All)),
        Of(NodeName, Restart("hostnameOverride", OptionNames.HostnameOverride,
                "name of the Node object, trimmed and lowercased; empty: the host's name"),
            c => c.HostnameOverride, (c, v) => c with { HostnameOverride = v }, OptionUse.Agent, "NAME",
            "Name of this node's Node object (default: the lowercased host name)") with
        {
            Aliases = [OptionNames.NodeName], CountsBesideFile = true,
        },
        // Before the two addresses: its family chooses their defaults.
        Of(Text, Restart("bindAddress", "--bind-address",
                "its family chooses the default addresses of healthz and metrics; the "
                    + "node's own addresses come from its Node object and its devices"),
            c => c.BindAddress, WithBindAddress, OptionUse.Agent, "IP",
            "Its family chooses the default addresses below (default: 0.0.0.0)", check: CheckAddress),
        Of(WithPort(ConfigPorts.Healthz), Restart("healthzBindAddress", OptionNames.HealthzBindAddress,
                "serves /healthz, /livez and /readyz; an empty flag switches it off, an empty field is the default"),
            c => c.HealthzBindAddress, (c, v) => c with { HealthzBindAddress = v }, OptionUse.Agent, "IP:PORT",
            "Serves /healthz, /livez and /readyz (default: 0.0.0.0:10256; \"\" for none)",
            check: Endpoint(ConfigPorts.Healthz)) with { Apply = (c, texts) => WithHealthz(c, texts[^1]) },
        Of(WithPort(ConfigPorts.Metrics), Restart("metricsBindAddress", OptionNames.MetricsBindAddress,
                "serves /metrics, /proxyMode and /configz; an empty flag switches it off, an empty field is the default"),
            c => c.MetricsBindAddress, (c, v) => c with { MetricsBindAddress = v }, OptionUse.Agent, "IP:PORT",
            "Serves /metrics and /proxyMode (default: 127.0.0.1:10249; \"\" for none)",
            check: Endpoint(ConfigPorts.Metrics)) with { Apply = (c, texts) => WithMetrics(c, texts[^1]) },
        Of(Flag, Restart("bindAddressHardFail", OptionNames.BindAddressHardFail,
                "an address that cannot be listened on ends the agent; else it is tried again every 5 s"),
            c => c.BindAddressHardFail, (c, v) => c with { BindAddressHardFail = v },
            help: "An address that cannot be listened on ends the agent"),
        Of(Flag, Restart("enableProfiling", "--profiling",
                "PUT /debug/flags/v at the metrics address changes the verbosity; there are no Go profiles"),
            c => c.EnableProfiling, (c, v) => c with { EnableProfiling = v },
            help: "PUT /debug/flags/v at the metrics address changes the verbosity"),
        Of(Text, Unused("showHiddenMetricsForVersion", "--show-hidden-metrics-for-version", "no metric is hidden"),
            c => c.ShowHiddenMetricsForVersion, (c, v) => c with { ShowHiddenMetricsForVersion = v }),
        Of(Text, Restart("clientConnection.kubeconfig", OptionNames.Kubeconfig, "how to reach the API server; empty: in-cluster"),
            c => c.ClientConnection.Kubeconfig, (c, v) => c with { ClientConnection = c.ClientConnection with { Kubeconfig = v } },
            OptionUse.Agent, "FILE", "How to reach the API server (default: in-cluster, by the pod's service account)"),
        Of(Text, Unused("clientConnection.acceptContentTypes", null, "the API server is asked for JSON"),
            c => c.ClientConnection.AcceptContentTypes,
            (c, v) => c with { ClientConnection = c.ClientConnection with { AcceptContentTypes = v } }),
        Of(Text, Unused("clientConnection.contentType", "--kube-api-content-type", "the API server is asked for JSON"),
            c => c.ClientConnection.ContentType, (c, v) => c with { ClientConnection = c.ClientConnection with { ContentType = v } }),
        Of(NumberOr, Unused("clientConnection.qps", "--kube-api-qps", FewRequests),
            c => c.ClientConnection.Qps, (c, v) => c with { ClientConnection = c.ClientConnection with { Qps = v } }),
        Of(IntOr, Unused("clientConnection.burst", "--kube-api-burst", FewRequests),
            c => c.ClientConnection.Burst, (c, v) => c with { ClientConnection = c.ClientConnection with { Burst = v } },
            check: NotNegative),
        Of(Text, Restart("logging.format", "--logging-format", "text or json; the text is not klog's"),
            c => c.Logging.Format, (c, v) => c with { Logging = c.Logging with { Format = v } }, OptionUse.Agent, "text|json",
            $"As {OptionNames.LogFormat}", check: Choice("text", "json")) with { CountsBesideFile = true },
        Of(TimeOrNanoseconds, Unused("logging.flushFrequency", "--log-flush-frequency", OneStream),
            c => c.Logging.FlushFrequency, (c, v) => c with { Logging = c.Logging with { FlushFrequency = v } }) with
        {
            CountsBesideFile = true,
        },
        Of(Int, Hot("logging.verbosity", "--v", "0 usual, 4 every update, 6 everything"),
            c => c.Logging.Verbosity, (c, v) => c with { Logging = c.Logging with { Verbosity = v } }, OptionUse.Agent, "N",
            "How much is logged: 0 usual, 4 every update, 6 everything (default: 0)", check: NotNegative) with
        {
            Aliases = ["--verbosity", "-v"], CountsBesideFile = true,
        },
        Of(Vmodule, Unused("logging.vmodule", "--vmodule", "the log has one level for all of the agent"),
            c => c.Logging.Vmodule, (c, v) => c with { Logging = c.Logging with { Vmodule = v } }) with { CountsBesideFile = true },
        Of(Flag, Unused("logging.options.text.splitStream", "--log-text-split-stream", OneStream),
            c => c.Logging.TextOptions.SplitStream, (c, v) => WithText(c, c.Logging.TextOptions with { SplitStream = v })) with
        {
            CountsBesideFile = true,
        },
        Of(Text, Unused("logging.options.text.infoBufferSize", "--log-text-info-buffer-size", OneStream),
            c => c.Logging.TextOptions.InfoBufferSize, (c, v) => WithText(c, c.Logging.TextOptions with { InfoBufferSize = v })) with
        {
            CountsBesideFile = true,
        },
        Of(Flag, Unused("logging.options.json.splitStream", "--log-json-split-stream", OneStream),
            c => c.Logging.JsonOptions.SplitStream, (c, v) => WithJson(c, c.Logging.JsonOptions with { SplitStream = v })) with
        {
            CountsBesideFile = true,
        },
        Of(Text, Unused("logging.options.json.infoBufferSize", "--log-json-info-buffer-size", OneStream),
            c => c.Logging.JsonOptions.InfoBufferSize, (c, v) => WithJson(c, c.Logging.JsonOptions with { InfoBufferSize = v })) with
        {
            CountsBesideFile = true,
        },
        Of(Text, Hot("clusterCIDR", OptionNames.ClusterCidr,
                "addresses of all pods: ranges, parted by commas, 8 of each family at most (kube-proxy: "
                    + "one); what comes from elsewhere is masqueraded on its way to a remote backend"),
            c => c.ClusterCidr, (c, v) => c with { ClusterCidr = v }, OptionUse.Connection, "RANGES",
            "Addresses of all pods, up to 8 ranges of each family, such as "
                + "10.244.0.0/16,fd00:10:244::/48. What comes from elsewhere is masqueraded on its way to a remote backend",
            check: CheckClusterCidr),
        Of(Text, Hot("detectLocalMode", OptionNames.DetectLocalMode, "how pods are told from others; empty: ClusterCIDR"),
            c => c.DetectLocalMode, (c, v) => c with { DetectLocalMode = v }, OptionUse.Connection, "MODE",
            "How pods are told from others: ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix (default: ClusterCIDR)",
            check: Choice(DetectLocalModes.All)),
        Of(Text, Hot("detectLocal.bridgeInterface", "--pod-bridge-interface", "the bridge of BridgeInterface"),
            c => c.DetectLocal.BridgeInterface, (c, v) => c with { DetectLocal = c.DetectLocal with { BridgeInterface = v } },
            OptionUse.Connection, "NAME", $"The bridge of {OptionNames.DetectLocalMode} BridgeInterface"),
        Of(Text, Hot("detectLocal.interfaceNamePrefix", "--pod-interface-name-prefix", "begin of the names of InterfaceNamePrefix"),
            c => c.DetectLocal.InterfaceNamePrefix, (c, v) => c with { DetectLocal = c.DetectLocal with { InterfaceNamePrefix = v } },
            OptionUse.Connection, "PREFIX", $"Begin of the names of {OptionNames.DetectLocalMode} InterfaceNamePrefix"),
        Of(TextsOrNull, Hot("nodePortAddresses", OptionNames.NodeportAddresses,
                "where NodePorts answer: ranges, primary, localhost or all; unset: all "
                    + "addresses of the node, with mode nftables the primary ones"),
            c => c.NodePortAddresses, (c, v) => c with { NodePortAddresses = v }, OptionUse.Connection, "LIST",
            "Addresses of the node on which NodePorts answer: ranges such as 10.0.0.0/8,fd00::/8, or "
                + $"primary, localhost or all (default: all; primary with {OptionNames.ProxyMode} nftables)",
            check: CheckNodePortAddresses),
        // kube-proxy has no flags for the section nftables: those of iptables set both.
        Of(Int, Unused("iptables.masqueradeBit", "--iptables-masquerade-bit", NoMarks),
            c => c.Iptables.MasqueradeBit, (c, v) => c with { Iptables = c.Iptables with { MasqueradeBit = v } },
            check: CheckBit, typed: (c, v) => c with
            {
                Iptables = c.Iptables with { MasqueradeBit = v }, Nftables = c.Nftables with { MasqueradeBit = v },
            }),
        Of(Flag, Hot("iptables.masqueradeAll", "--masquerade-all",
                "masquerades all traffic to ClusterIPs, with any mode but nftables"),
            c => c.Iptables.MasqueradeAll, (c, v) => c with { Iptables = c.Iptables with { MasqueradeAll = v } },
            OptionUse.Connection, help: "Masquerade all traffic to ClusterIPs", typed: (c, v) => c with
            {
                Iptables = c.Iptables with { MasqueradeAll = v }, Nftables = c.Nftables with { MasqueradeAll = v },
            }),
        Of(Flag, Hot("iptables.localhostNodePorts", "--iptables-localhost-nodeports",
                "NodePorts answer the node's own processes on 127.0.0.1"),
            c => c.Iptables.LocalhostNodePorts, (c, v) => c with { Iptables = c.Iptables with { LocalhostNodePorts = v } },
            OptionUse.Connection, help: "NodePorts answer the node's own processes on 127.0.0.1 (default: true)"),
        Of(TimeOr, Hot("iptables.syncPeriod", "--iptables-sync-period",
                "longest wait before a failed update is tried again, and how often hooks and node are checked"),
            c => c.Iptables.SyncPeriod, (c, v) => c with { Iptables = c.Iptables with { SyncPeriod = v } },
            help: $"As {OptionNames.SyncPeriod}, with {OptionNames.ProxyMode} iptables or nftables (default: 30s)", check: Period,
            typed: (c, v) => c with
            {
                Iptables = c.Iptables with { SyncPeriod = v }, Nftables = c.Nftables with { SyncPeriod = v },
            }),
        Of(Time, Hot("iptables.minSyncPeriod", "--iptables-min-sync-period",
                "shortest time between two updates; 0 and unset: none, as an update costs only what it changes (kube-proxy: 1s)"),
            c => c.Iptables.MinSyncPeriod, (c, v) => c with { Iptables = c.Iptables with { MinSyncPeriod = v } },
            help: $"As {OptionNames.MinSyncPeriod}, with {OptionNames.ProxyMode} iptables or nftables (default: 0)", typed: (c, v) => c with
            {
                Iptables = c.Iptables with { MinSyncPeriod = v }, Nftables = c.Nftables with { MinSyncPeriod = v },
            }),
        Of(Int, Unused("nftables.masqueradeBit", null, NoMarks),
            c => c.Nftables.MasqueradeBit, (c, v) => c with { Nftables = c.Nftables with { MasqueradeBit = v } }, check: CheckBit),
        Of(Flag, Hot("nftables.masqueradeAll", null, "as iptables.masqueradeAll, with mode nftables"),
            c => c.Nftables.MasqueradeAll, (c, v) => c with { Nftables = c.Nftables with { MasqueradeAll = v } }),
        Of(TimeOr, Hot("nftables.syncPeriod", null, "as iptables.syncPeriod, with mode nftables"),
            c => c.Nftables.SyncPeriod, (c, v) => c with { Nftables = c.Nftables with { SyncPeriod = v } }, check: Period),
        Of(Time, Hot("nftables.minSyncPeriod", null, "as iptables.minSyncPeriod, with mode nftables"),
            c => c.Nftables.MinSyncPeriod, (c, v) => c with { Nftables = c.Nftables with { MinSyncPeriod = v } }),
        Of(TimeOr, Hot("ipvs.syncPeriod", "--ipvs-sync-period", "as iptables.syncPeriod, with mode ipvs"),
            c => c.Ipvs.SyncPeriod, (c, v) => c with { Ipvs = c.Ipvs with { SyncPeriod = v } },
            help: $"As {OptionNames.SyncPeriod}, with {OptionNames.ProxyMode} ipvs (default: 30s)", check: Period),
        Of(Time, Hot("ipvs.minSyncPeriod", "--ipvs-min-sync-period", "as iptables.minSyncPeriod, with mode ipvs"),
            c => c.Ipvs.MinSyncPeriod, (c, v) => c with { Ipvs = c.Ipvs with { MinSyncPeriod = v } },
            help: $"As {OptionNames.MinSyncPeriod}, with {OptionNames.ProxyMode} ipvs (default: 0)"),
        Of(Text, Restart("ipvs.scheduler", "--ipvs-scheduler", "who gets a new connection, with mode ipvs; empty: rr"),
            c => c.Ipvs.Scheduler, (c, v) => c with { Ipvs = c.Ipvs with { Scheduler = v } },
            OptionUse.Connection, "NAME", $"As {OptionNames.Scheduler}, with {OptionNames.ProxyMode} ipvs (default: rr)"),
        Of(Texts, Unused("ipvs.excludeCIDRs", "--ipvs-exclude-cidrs", NoIpvs),
            c => c.Ipvs.ExcludeCidrs, (c, v) => c with { Ipvs = c.Ipvs with { ExcludeCidrs = v } }, check: CheckRanges),
        Of(Flag, Unused("ipvs.strictARP", "--ipvs-strict-arp", "no address of a service is put on a device, so none is answered by ARP"),
            c => c.Ipvs.StrictArp, (c, v) => c with { Ipvs = c.Ipvs with { StrictArp = v } }),
        Of(Time, Unused("ipvs.tcpTimeout", "--ipvs-tcp-timeout", $"{NoIpvs}; conntrack.tcpEstablishedTimeout counts"),
            c => c.Ipvs.TcpTimeout, (c, v) => c with { Ipvs = c.Ipvs with { TcpTimeout = v } }),
        Of(Time, Unused("ipvs.tcpFinTimeout", "--ipvs-tcpfin-timeout", $"{NoIpvs}; conntrack.tcpCloseWaitTimeout counts"),
            c => c.Ipvs.TcpFinTimeout, (c, v) => c with { Ipvs = c.Ipvs with { TcpFinTimeout = v } }),
        Of(Time, Unused("ipvs.udpTimeout", "--ipvs-udp-timeout", $"{NoIpvs}; conntrack.udpStreamTimeout counts"),
            c => c.Ipvs.UdpTimeout, (c, v) => c with { Ipvs = c.Ipvs with { UdpTimeout = v } }),
        Of(Int, Unused("conntrack.maxPerCore", "--conntrack-max-per-core", NoNetfilter),
            c => c.Conntrack.MaxPerCore, (c, v) => c with { Conntrack = c.Conntrack with { MaxPerCore = v } }, check: NotNegative),
        Of(Int, Unused("conntrack.min", "--conntrack-min", NoNetfilter),
            c => c.Conntrack.Min, (c, v) => c with { Conntrack = c.Conntrack with { Min = v } }, check: NotNegative),
        Of(Time, Hot("conntrack.tcpEstablishedTimeout", "--conntrack-tcp-timeout-established",
                "how long an open TCP flow lives without a packet; 0: 24h"),
            c => c.Conntrack.TcpEstablishedTimeout, (c, v) => c with { Conntrack = c.Conntrack with { TcpEstablishedTimeout = v } },
            help: "How long an open TCP connection lives without a packet, such as 2h (default, also for 0: 24h)"),
        Of(Time, Hot("conntrack.tcpCloseWaitTimeout", "--conntrack-tcp-timeout-close-wait",
                "how long a TCP flow lives that one side has closed; 0: 1h"),
            c => c.Conntrack.TcpCloseWaitTimeout, (c, v) => c with { Conntrack = c.Conntrack with { TcpCloseWaitTimeout = v } },
            help: "How long a TCP connection lives that one side has closed (default, also for 0: 1h)"),
        Of(Flag, Unused("conntrack.tcpBeLiberal", "--conntrack-tcp-be-liberal", "flows do not look at windows: they are always liberal"),
            c => c.Conntrack.TcpBeLiberal, (c, v) => c with { Conntrack = c.Conntrack with { TcpBeLiberal = v } }),
        Of(Time, Hot("conntrack.udpTimeout", "--conntrack-udp-timeout", "how long a UDP flow lives that had no answer; 0: 30s"),
            c => c.Conntrack.UdpTimeout, (c, v) => c with { Conntrack = c.Conntrack with { UdpTimeout = v } },
            help: "How long a UDP flow lives that had no answer (default, also for 0: 30s)"),
        Of(Time, Hot("conntrack.udpStreamTimeout", "--conntrack-udp-timeout-stream", "how long a UDP flow lives that had an answer; 0: 2m"),
            c => c.Conntrack.UdpStreamTimeout, (c, v) => c with { Conntrack = c.Conntrack with { UdpStreamTimeout = v } },
            help: "How long a UDP flow lives that had an answer (default, also for 0: 120s)"),
        Of(TimeOr, Restart("configSyncPeriod", "--config-sync-period",
                "how often what is kept is compared with what is programmed, when that is "
                    + "more often than verifyPeriod; the API server is not asked"),
            c => c.ConfigSyncPeriod, (c, v) => c with { ConfigSyncPeriod = v },
            help: $"How often what is kept is compared with what is programmed, where {OptionNames.VerifyPeriod} is longer (default: 15m)",
            check: Period),
        Of(Int, Restart("oomScoreAdj", OptionNames.OomScoreAdj,
                "written to /proc/self/oom_score_adj when a configuration file or the flag is given"),
            c => c.OomScoreAdj, (c, v) => c with { OomScoreAdj = v },
            help: $"Written to /proc/self/oom_score_adj (default: left alone; -999 with {OptionNames.Config})", check: CheckOomScore),
        Of(Gates, Unused("featureGates", "--feature-gates", "the gates are those of kube-proxy's code"),
            c => c.FeatureGates, (c, v) => c with { FeatureGates = v }),
        Of(Text, Unused("portRange", "--proxy-port-range", "of the userspace mode, which is gone"),
            c => c.PortRange, (c, v) => c with { PortRange = v }),
        Of(Text, Unused("winkernel.networkName", "--network-name", Windows),
            c => c.Winkernel.NetworkName, (c, v) => c with { Winkernel = c.Winkernel with { NetworkName = v } }),
        Of(Text, Unused("winkernel.sourceVip", "--source-vip", Windows),
            c => c.Winkernel.SourceVip, (c, v) => c with { Winkernel = c.Winkernel with { SourceVip = v } }),
        Of(Flag, Unused("winkernel.enableDSR", "--enable-dsr", Windows),
            c => c.Winkernel.EnableDsr, (c, v) => c with { Winkernel = c.Winkernel with { EnableDsr = v } }),
        Of(Text, Unused("winkernel.rootHnsEndpointName", "--root-hnsendpoint-name", Windows),
            c => c.Winkernel.RootHnsEndpointName, (c, v) => c with { Winkernel = c.Winkernel with { RootHnsEndpointName = v } }),
        Of(Flag, Unused("winkernel.forwardHealthCheckVip", "--forward-healthcheck-vip", Windows),
            c => c.Winkernel.ForwardHealthCheckVip, (c, v) => c with { Winkernel = c.Winkernel with { ForwardHealthCheckVip = v } }),
        Of(Flag, Unused("windowsRunAsService", "--windows-service", Windows),
            c => c.WindowsRunAsService, (c, v) => c with { WindowsRunAsService = v }),
    ];

    private static FieldRow Of<T>(
        FieldKind<T> kind, FieldNote note, Func<KubeProxyConfiguration, T> get, Func<KubeProxyConfiguration, T, KubeProxyConfiguration> set,
        OptionUse use = OptionUse.Agent, string? valueName = null, string help = "", FieldCheck<T>? check = null,
        Func<KubeProxyConfiguration, T, KubeProxyConfiguration>? typed = null) => FieldRow.Of(
            kind, note, c => get(c.KubeProxy), (c, v) => c with { KubeProxy = set(c.KubeProxy, v) },
            typed is null ? null : (c, v) => c with { KubeProxy = typed(c.KubeProxy, v) }, use, valueName, help, check);

    /// <summary>Addresses that nobody gave follow the family.</summary>
    private static KubeProxyConfiguration WithBindAddress(KubeProxyConfiguration config, string text)
    {
        config = config with { BindAddress = text };
        if (!IpAddress.TryParse(text, out var address) || address.Family != IpFamily.IPv6) return config;
        var defaults = new KubeProxyConfiguration();
        if (config.HealthzBindAddress == defaults.HealthzBindAddress) config = config with { HealthzBindAddress = "[::]:10256" };
        if (config.MetricsBindAddress == defaults.MetricsBindAddress) config = config with { MetricsBindAddress = "[::1]:10249" };
        return config;
    }

    private static LoadedConfig WithHealthz(LoadedConfig config, string text) => text.Trim().Length == 0
        ? config with { EbpfLb = config.EbpfLb with { ServeHealthz = false } }
        : config with
        {
            KubeProxy = config.KubeProxy with { HealthzBindAddress = text }, EbpfLb = config.EbpfLb with { ServeHealthz = true },
        };

    private static LoadedConfig WithMetrics(LoadedConfig config, string text) => text.Trim().Length == 0
        ? config with { EbpfLb = config.EbpfLb with { ServeMetrics = false } }
        : config with
        {
            KubeProxy = config.KubeProxy with { MetricsBindAddress = text }, EbpfLb = config.EbpfLb with { ServeMetrics = true },
        };

    private static KubeProxyConfiguration WithText(KubeProxyConfiguration config, LogStreamOptions options)
        => config with { Logging = config.Logging with { TextOptions = options } };

    private static KubeProxyConfiguration WithJson(KubeProxyConfiguration config, LogStreamOptions options)
        => config with { Logging = config.Logging with { JsonOptions = options } };
}
