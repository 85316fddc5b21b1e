using static EbpfLb.Configuration.FieldChange;

namespace EbpfLb.Configuration.KubeProxy;

/// <summary>Every field and flag of kube-proxy, and what it does here.</summary>
public static class KubeProxyFields
{
    private const string NoMarks = "packets are not marked to be masqueraded";
    private const string NoIpvs = "IPVS is not used";
    private const string NoNetfilter = "netfilter's connection tracking is not used; the flow table's size is ebpflb.io sizes.flows";
    private const string Windows = "of Windows";
    private const string OneStream = "each line is written at once, and to one stream";
    private const string OldLog = "the log goes to standard error, a line each";
    private const string FewRequests = "the agent lists and watches a handful of kinds and needs no limit";

    /// <summary>Made with the rows below: what takes a field over into a running agent is what makes it a hot one.</summary>
    private static readonly HotFields<KubeProxyConfiguration> HotOnes = new();

    public static IReadOnlyList<FieldNote> All { get; } =
    [
        Field("mode", "proxy-mode", Restart,
            "chooses whose periods, masqueradeAll and default of nodePortAddresses count: "
                + "iptables (\"\" too), nftables or ipvs; the data path is ours in all"),
        Field("hostnameOverride", "hostname-override", Restart, "name of the Node object, trimmed and lowercased; empty: the host's name"),
        Field("bindAddress", "bind-address", Restart,
            "its family chooses the default addresses of healthz and metrics; the "
                + "node's own addresses come from its Node object and its devices"),
        Field("healthzBindAddress", "healthz-bind-address", Restart,
            "serves /healthz, /livez and /readyz; an empty flag switches it off, an empty field is the default"),
        Field("metricsBindAddress", "metrics-bind-address", Restart,
            "serves /metrics, /proxyMode and /configz; an empty flag switches it off, an empty field is the default"),
        Field("bindAddressHardFail", "bind-address-hard-fail", Restart,
            "an address that cannot be listened on ends the agent; else it is tried again every 5 s"),
        Field("enableProfiling", "profiling", Restart,
            "PUT /debug/flags/v at the metrics address changes the verbosity; there are no Go profiles"),
        Field("showHiddenMetricsForVersion", "show-hidden-metrics-for-version", None, "no metric is hidden"),
        Field("clientConnection.kubeconfig", "kubeconfig", Restart, "how to reach the API server; empty: in-cluster"),
        Field("clientConnection.acceptContentTypes", null, None, "the API server is asked for JSON"),
        Field("clientConnection.contentType", "kube-api-content-type", None, "the API server is asked for JSON"),
        Field("clientConnection.qps", "kube-api-qps", None, FewRequests),
        Field("clientConnection.burst", "kube-api-burst", None, FewRequests),
        Field("logging.format", "logging-format", Restart, "text or json; the text is not klog's"),
        Field("logging.flushFrequency", "log-flush-frequency", None, OneStream),
        Hot("logging.verbosity", "v", (to, from) => to with { Logging = to.Logging with { Verbosity = from.Logging.Verbosity } },
            "0 usual, 4 every update, 6 everything"),
        Field("logging.vmodule", "vmodule", None, "the log has one level for all of the agent"),
        Field("logging.options.text.splitStream", "log-text-split-stream", None, OneStream),
        Field("logging.options.text.infoBufferSize", "log-text-info-buffer-size", None, OneStream),
        Field("logging.options.json.splitStream", "log-json-split-stream", None, OneStream),
        Field("logging.options.json.infoBufferSize", "log-json-info-buffer-size", None, OneStream),
        Hot("clusterCIDR", "cluster-cidr", (to, from) => to with { ClusterCidr = from.ClusterCidr },
            "addresses of all pods: ranges, parted by commas, 8 of each family at most (kube-proxy: "
                + "one); what comes from elsewhere is masqueraded on its way to a remote backend"),
        Hot("detectLocalMode", "detect-local-mode", (to, from) => to with { DetectLocalMode = from.DetectLocalMode },
            "how pods are told from others; empty: ClusterCIDR"),
        Hot("detectLocal.bridgeInterface", "pod-bridge-interface",
            (to, from) => to with { DetectLocal = to.DetectLocal with { BridgeInterface = from.DetectLocal.BridgeInterface } },
            "the bridge of BridgeInterface"),
        Hot("detectLocal.interfaceNamePrefix", "pod-interface-name-prefix",
            (to, from) => to with { DetectLocal = to.DetectLocal with { InterfaceNamePrefix = from.DetectLocal.InterfaceNamePrefix } },
            "begin of the names of InterfaceNamePrefix"),
        Hot("nodePortAddresses", "nodeport-addresses", (to, from) => to with { NodePortAddresses = from.NodePortAddresses },
            "where NodePorts answer: ranges, primary, localhost or all; unset: all "
                + "addresses of the node, with mode nftables the primary ones"),
        Field("iptables.masqueradeBit", "iptables-masquerade-bit", None, NoMarks),
        Hot("iptables.masqueradeAll", "masquerade-all",
            (to, from) => to with { Iptables = to.Iptables with { MasqueradeAll = from.Iptables.MasqueradeAll } },
            "masquerades all traffic to ClusterIPs, with any mode but nftables"),
        Hot("iptables.localhostNodePorts", "iptables-localhost-nodeports",
            (to, from) => to with { Iptables = to.Iptables with { LocalhostNodePorts = from.Iptables.LocalhostNodePorts } },
            "NodePorts answer the node's own processes on 127.0.0.1"),
        Hot("iptables.syncPeriod", "iptables-sync-period",
            (to, from) => to with { Iptables = to.Iptables with { SyncPeriod = from.Iptables.SyncPeriod } },
            "longest wait before a failed update is tried again, and how often hooks and node are checked"),
        Hot("iptables.minSyncPeriod", "iptables-min-sync-period",
            (to, from) => to with { Iptables = to.Iptables with { MinSyncPeriod = from.Iptables.MinSyncPeriod } },
            "shortest time between two updates; 0 and unset: none, as an update costs only what it changes (kube-proxy: 1s)"),
        Field("nftables.masqueradeBit", null, None, NoMarks),
        Hot("nftables.masqueradeAll", null,
            (to, from) => to with { Nftables = to.Nftables with { MasqueradeAll = from.Nftables.MasqueradeAll } },
            "as iptables.masqueradeAll, with mode nftables"),
        Hot("nftables.syncPeriod", null, (to, from) => to with { Nftables = to.Nftables with { SyncPeriod = from.Nftables.SyncPeriod } },
            "as iptables.syncPeriod, with mode nftables"),
        Hot("nftables.minSyncPeriod", null,
            (to, from) => to with { Nftables = to.Nftables with { MinSyncPeriod = from.Nftables.MinSyncPeriod } },
            "as iptables.minSyncPeriod, with mode nftables"),
        Hot("ipvs.syncPeriod", "ipvs-sync-period", (to, from) => to with { Ipvs = to.Ipvs with { SyncPeriod = from.Ipvs.SyncPeriod } },
            "as iptables.syncPeriod, with mode ipvs"),
        Hot("ipvs.minSyncPeriod", "ipvs-min-sync-period",
            (to, from) => to with { Ipvs = to.Ipvs with { MinSyncPeriod = from.Ipvs.MinSyncPeriod } },
            "as iptables.minSyncPeriod, with mode ipvs"),
        Field("ipvs.scheduler", "ipvs-scheduler", None, "a backend is chosen at random"),
        Field("ipvs.excludeCIDRs", "ipvs-exclude-cidrs", None, NoIpvs),
        Field("ipvs.strictARP", "ipvs-strict-arp", None, "no address of a service is put on a device, so none is answered by ARP"),
        Field("ipvs.tcpTimeout", "ipvs-tcp-timeout", None, $"{NoIpvs}; conntrack.tcpEstablishedTimeout counts"),
        Field("ipvs.tcpFinTimeout", "ipvs-tcpfin-timeout", None, $"{NoIpvs}; conntrack.tcpCloseWaitTimeout counts"),
        Field("ipvs.udpTimeout", "ipvs-udp-timeout", None, $"{NoIpvs}; conntrack.udpStreamTimeout counts"),
        Field("conntrack.maxPerCore", "conntrack-max-per-core", None, NoNetfilter),
        Field("conntrack.min", "conntrack-min", None, NoNetfilter),
        Hot("conntrack.tcpEstablishedTimeout", "conntrack-tcp-timeout-established",
            (to, from) => to with { Conntrack = to.Conntrack with { TcpEstablishedTimeout = from.Conntrack.TcpEstablishedTimeout } },
            "how long an open TCP flow lives without a packet; 0: 24h"),
        Hot("conntrack.tcpCloseWaitTimeout", "conntrack-tcp-timeout-close-wait",
            (to, from) => to with { Conntrack = to.Conntrack with { TcpCloseWaitTimeout = from.Conntrack.TcpCloseWaitTimeout } },
            "how long a TCP flow lives that one side has closed; 0: 1h"),
        Field("conntrack.tcpBeLiberal", "conntrack-tcp-be-liberal", None, "flows do not look at windows: they are always liberal"),
        Hot("conntrack.udpTimeout", "conntrack-udp-timeout",
            (to, from) => to with { Conntrack = to.Conntrack with { UdpTimeout = from.Conntrack.UdpTimeout } },
            "how long a UDP flow lives that had no answer; 0: 30s"),
        Hot("conntrack.udpStreamTimeout", "conntrack-udp-timeout-stream",
            (to, from) => to with { Conntrack = to.Conntrack with { UdpStreamTimeout = from.Conntrack.UdpStreamTimeout } },
            "how long a UDP flow lives that had an answer; 0: 2m"),
        Field("configSyncPeriod", "config-sync-period", Restart,
            "how often what is kept is compared with what is programmed, when that is "
                + "more often than verifyPeriod; the API server is not asked"),
        Field(
            "oomScoreAdj", "oom-score-adj", Restart, "written to /proc/self/oom_score_adj when a configuration file or the flag is given"),
        Field("featureGates", "feature-gates", None, "the gates are those of kube-proxy's code"),
        Field("portRange", "proxy-port-range", None, "of the userspace mode, which is gone"),
        Field("winkernel.networkName", "network-name", None, Windows),
        Field("winkernel.sourceVip", "source-vip", None, Windows),
        Field("winkernel.enableDSR", "enable-dsr", None, Windows),
        Field("winkernel.rootHnsEndpointName", "root-hnsendpoint-name", None, Windows),
        Field("winkernel.forwardHealthCheckVip", "forward-healthcheck-vip", None, Windows),
        Field("windowsRunAsService", "windows-service", None, Windows),
        Flag("config", Restart, "the file with one or both configurations"),
        Flag("write-config-to", Restart, "writes the configuration in force to this file and ends"),
        Flag("cleanup", Restart, "does what `ebpflb cleanup` does and ends"),
        Flag("init-only", Restart, "switches forwarding on, as --set-sysctls does, and ends"),
        Flag("master", Restart, "address of the API server, as --api-server"),
        Flag("version", Restart, "prints the version and ends"),
        Flag("healthz-port", None, "deprecated: give --healthz-bind-address"),
        Flag("metrics-port", None, "deprecated: give --metrics-bind-address"),
        Flag("cleanup-ipvs", None, NoIpvs),
        Flag("log-dir", None, OldLog),
        Flag("log-file", None, OldLog),
        Flag("log-file-max-size", None, OldLog),
        Flag("log-backtrace-at", None, OldLog),
        Flag("logtostderr", None, OldLog),
        Flag("alsologtostderr", None, OldLog),
        Flag("stderrthreshold", None, OldLog),
        Flag("one-output", None, OldLog),
        Flag("add-dir-header", None, OldLog),
        Flag("skip-headers", None, OldLog),
        Flag("skip-log-headers", None, OldLog),
    ];

    /// <summary>null when the path is none of a field's.</summary>
    public static FieldNote? Find(string path) => All.FirstOrDefault(f => f.Path.Length > 0 && f.Path == path);

    public static FieldNote? FindOption(string option) => All.FirstOrDefault(f => f.Option == option);

    internal static string? Comment(string path)
        => Find(path) is { } note ? (note.HasMeaning ? note.Text : $"no meaning here: {note.Text}") : null;

    /// <summary>
    /// What an agent that was started with <paramref name="start"/> does after the file has changed: the hot fields are the new ones.
    /// </summary>
    public static KubeProxyConfiguration WithHot(KubeProxyConfiguration start, KubeProxyConfiguration wanted)
        => HotOnes.Take(start, wanted);

    private static FieldNote Hot(
        string path, string? flag, Func<KubeProxyConfiguration, KubeProxyConfiguration, KubeProxyConfiguration> take, string text)
        => HotOnes.Add(new FieldNote(path, flag is null ? null : "--" + flag, FieldChange.Hot, text), take);

    private static FieldNote Field(string path, string? flag, FieldChange change, string text)
        => new(path, flag is null ? null : "--" + flag, change, text);

    private static FieldNote Flag(string flag, FieldChange change, string text) => new("", "--" + flag, change, text);
}
