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

    public static IReadOnlyList<FieldNote> All { get; } =
    [
        Field("mode", "proxy-mode", Restart, "chooses whose periods, masqueradeAll and default of nodePortAddresses count: iptables (\"\" too), nftables or ipvs; the data path is ours in all"),
        Field("hostnameOverride", "hostname-override", Restart, "name of the Node object, trimmed and lowercased; empty: the host's name"),
        Field("bindAddress", "bind-address", Restart, "its family chooses the default addresses of healthz and metrics; the node's own addresses come from its Node object and its devices"),
        Field("healthzBindAddress", "healthz-bind-address", Restart, "serves /healthz, /livez and /readyz; an empty flag switches it off, an empty field is the default"),
        Field("metricsBindAddress", "metrics-bind-address", Restart, "serves /metrics, /proxyMode and /configz; an empty flag switches it off, an empty field is the default"),
        Field("bindAddressHardFail", "bind-address-hard-fail", Restart, "an address that cannot be listened on ends the agent; else it is tried again every 5 s"),
        Field("enableProfiling", "profiling", Restart, "PUT /debug/flags/v at the metrics address changes the verbosity; there are no Go profiles"),
        Field("showHiddenMetricsForVersion", "show-hidden-metrics-for-version", None, "no metric is hidden"),
        Field("clientConnection.kubeconfig", "kubeconfig", Restart, "how to reach the API server; empty: in-cluster"),
        Field("clientConnection.acceptContentTypes", null, None, "the API server is asked for JSON"),
        Field("clientConnection.contentType", "kube-api-content-type", None, "the API server is asked for JSON"),
        Field("clientConnection.qps", "kube-api-qps", None, FewRequests),
        Field("clientConnection.burst", "kube-api-burst", None, FewRequests),
        Field("logging.format", "logging-format", Restart, "text or json; the text is not klog's"),
        Field("logging.flushFrequency", "log-flush-frequency", None, OneStream),
        Field("logging.verbosity", "v", Hot, "0 usual, 4 every update, 6 everything"),
        Field("logging.vmodule", "vmodule", None, "the log has one level for all of the agent"),
        Field("logging.options.text.splitStream", "log-text-split-stream", None, OneStream),
        Field("logging.options.text.infoBufferSize", "log-text-info-buffer-size", None, OneStream),
        Field("logging.options.json.splitStream", "log-json-split-stream", None, OneStream),
        Field("logging.options.json.infoBufferSize", "log-json-info-buffer-size", None, OneStream),
        Field("clusterCIDR", "cluster-cidr", Hot, "addresses of all pods, at most one range of each family; what comes from elsewhere is masqueraded on its way to a remote backend"),
        Field("detectLocalMode", "detect-local-mode", Hot, "how pods are told from others; empty: ClusterCIDR"),
        Field("detectLocal.bridgeInterface", "pod-bridge-interface", Hot, "the bridge of BridgeInterface"),
        Field("detectLocal.interfaceNamePrefix", "pod-interface-name-prefix", Hot, "begin of the names of InterfaceNamePrefix"),
        Field("nodePortAddresses", "nodeport-addresses", Hot, "where NodePorts answer: ranges, primary, localhost or all; unset: all addresses of the node, with mode nftables the primary ones"),
        Field("iptables.masqueradeBit", "iptables-masquerade-bit", None, NoMarks),
        Field("iptables.masqueradeAll", "masquerade-all", Hot, "masquerades all traffic to ClusterIPs, with any mode but nftables"),
        Field("iptables.localhostNodePorts", "iptables-localhost-nodeports", Hot, "NodePorts answer the node's own processes on 127.0.0.1"),
        Field("iptables.syncPeriod", "iptables-sync-period", Hot, "longest wait before a failed update is tried again, and how often hooks and node are checked"),
        Field("iptables.minSyncPeriod", "iptables-min-sync-period", Hot, "shortest time between two updates; 0 and unset: none, as an update costs only what it changes (kube-proxy: 1s)"),
        Field("nftables.masqueradeBit", null, None, NoMarks),
        Field("nftables.masqueradeAll", null, Hot, "as iptables.masqueradeAll, with mode nftables"),
        Field("nftables.syncPeriod", null, Hot, "as iptables.syncPeriod, with mode nftables"),
        Field("nftables.minSyncPeriod", null, Hot, "as iptables.minSyncPeriod, with mode nftables"),
        Field("ipvs.syncPeriod", "ipvs-sync-period", Hot, "as iptables.syncPeriod, with mode ipvs"),
        Field("ipvs.minSyncPeriod", "ipvs-min-sync-period", Hot, "as iptables.minSyncPeriod, with mode ipvs"),
        Field("ipvs.scheduler", "ipvs-scheduler", None, "a backend is chosen at random"),
        Field("ipvs.excludeCIDRs", "ipvs-exclude-cidrs", None, NoIpvs),
        Field("ipvs.strictARP", "ipvs-strict-arp", None, "no address of a service is put on a device, so none is answered by ARP"),
        Field("ipvs.tcpTimeout", "ipvs-tcp-timeout", None, $"{NoIpvs}; conntrack.tcpEstablishedTimeout counts"),
        Field("ipvs.tcpFinTimeout", "ipvs-tcpfin-timeout", None, $"{NoIpvs}; conntrack.tcpCloseWaitTimeout counts"),
        Field("ipvs.udpTimeout", "ipvs-udp-timeout", None, $"{NoIpvs}; conntrack.udpStreamTimeout counts"),
        Field("conntrack.maxPerCore", "conntrack-max-per-core", None, NoNetfilter),
        Field("conntrack.min", "conntrack-min", None, NoNetfilter),
        Field("conntrack.tcpEstablishedTimeout", "conntrack-tcp-timeout-established", Hot, "how long an open TCP flow lives without a packet; 0: 24h"),
        Field("conntrack.tcpCloseWaitTimeout", "conntrack-tcp-timeout-close-wait", Hot, "how long a TCP flow lives that one side has closed; 0: 1h"),
        Field("conntrack.tcpBeLiberal", "conntrack-tcp-be-liberal", None, "flows do not look at windows: they are always liberal"),
        Field("conntrack.udpTimeout", "conntrack-udp-timeout", Hot, "how long a UDP flow lives that had no answer; 0: 30s"),
        Field("conntrack.udpStreamTimeout", "conntrack-udp-timeout-stream", Hot, "how long a UDP flow lives that had an answer; 0: 2m"),
        Field("configSyncPeriod", "config-sync-period", Restart, "how often everything is read from the API server afresh and compared with what its watches told"),
        Field("oomScoreAdj", "oom-score-adj", Restart, "written to /proc/self/oom_score_adj when a configuration file or the flag is given"),
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

    internal static string? Comment(string path) => Find(path) is { } note ? (note.HasMeaning ? note.Text : $"no meaning here: {note.Text}") : null;

    private static FieldNote Field(string path, string? flag, FieldChange change, string text) => new(path, flag is null ? null : "--" + flag, change, text);

    private static FieldNote Flag(string flag, FieldChange change, string text) => new("", "--" + flag, change, text);
}
