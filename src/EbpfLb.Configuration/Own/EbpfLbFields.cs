using EbpfLb.Model;
using static EbpfLb.Configuration.Own.FieldKinds;
using static EbpfLb.Configuration.Own.OwnField;

namespace EbpfLb.Configuration.Own;

/// <summary>Every field of an EbpfLbConfiguration, one row each. The sizes of maps have shorter rows: <see cref="SizeRow"/>.</summary>
public static class EbpfLbFields
{
    public static IReadOnlyList<OwnField> Rows { get; } =
    [
        Of(Text, Restart("instance", "--instance",
                "which instance on this machine: 1 to 63 letters, digits, '-' or '_'"),
            c => c.Instance, (c, v) => c with { Instance = v },
            OptionUse.Agent, "NAME",
            "Which instance on this machine (default: $EBPFLB_INSTANCE, else default). Each has its own pins, sockets and cgroup "
                + "root"),
        Of(Text, Restart("runDir", "--run-dir",
                "where the control socket is"),
            c => c.RunDir, (c, v) => c with { RunDir = v },
            OptionUse.Agent, "DIR",
            "Where the control socket is (default: $EBPFLB_RUN_DIR, else /run/ebpflb)"),
        Of(Text, Restart("bpffs", "--bpffs",
                "mount point of the BPF file system; empty: where it is mounted"),
            c => c.BpfFs, (c, v) => c with { BpfFs = v },
            OptionUse.Agent, "DIR",
            "Mount point of the BPF file system that holds the pins (default: where it is mounted, else /sys/fs/bpf)"),
        Of(Flag, Restart("allowPrivateBpffs", "--allow-private-bpffs",
                "be ready also where that file system ends with the agent's mount namespace, and everything in force with it"),
            c => c.AllowPrivateBpfFs, (c, v) => c with { AllowPrivateBpfFs = v },
            OptionUse.Agent, null,
            "Be ready also where that file system ends with the agent's mount namespace, and the balancing with it (default: false)"),
        Of(Time, Restart("ownerWait", "--owner-wait",
                "how long to wait at the start for another agent that owns the instance; 0: not at all"),
            c => c.OwnerWait, (c, v) => c with { OwnerWait = v },
            OptionUse.Agent, "TIME",
            "How long to wait at the start for another agent that owns the instance, such as one that is being replaced (default: 0, "
                + "fail at once)"),
        Of(Text, Restart("cgroupRoot", "--cgroup-root",
                "cgroup v2 directory whose processes are served; empty: the root of the cgroup2 mount"),
            c => c.CgroupRoot, (c, v) => c with { CgroupRoot = v },
            OptionUse.Agent, "DIR",
            "cgroup v2 directory whose processes are served (default: the root of the cgroup2 mount)"),
        Of(Text, Restart("manifests", "--manifests",
                "read Services, EndpointSlices, Endpoints and Nodes from this file or directory; no cluster is needed"),
            c => c.Manifests, (c, v) => c with { Manifests = v },
            OptionUse.Agent, "PATH",
            "Read Services, EndpointSlices, Endpoints and Nodes from this file or directory (YAML, JSON), and watch it. No cluster "
                + "is needed") with { Apply = (c, texts) => c with { Manifests = texts[^1], ApiServers = [] } },
        Of(Texts, Restart("apiServers", "--api-server",
                "addresses of API servers, in place of the configured one"),
            c => c.ApiServers, (c, v) => c with { ApiServers = v },
            OptionUse.Agent, "URL",
            "Address of an API server, in place of the configured one; give it several times for fail-over. Needed in a cluster "
                + "without kube-proxy, where the ClusterIP 'kubernetes' does not work yet") with { Alias = "--master" },
        Of(Flag, Restart("serveHealthz", null,
                "false: nothing listens on healthzBindAddress"),
            c => c.ServeHealthz, (c, v) => c with { ServeHealthz = v }),
        Of(Flag, Restart("serveMetrics", null,
                "false: nothing listens on metricsBindAddress"),
            c => c.ServeMetrics, (c, v) => c with { ServeMetrics = v }),
        Of(Int, Hot("serviceMetrics", "--service-metrics",
                "service ports with counters of their own in the metrics; those beyond are summed; 0: none"),
            c => c.ServiceMetrics, (c, v) => c with { ServiceMetrics = v },
            OptionUse.Agent, "N",
            "Give this many service ports counters of their own in the metrics, and sum up those beyond (default: 0, none)"),
        Of(MaybeTime, Hot("syncPeriod", "--sync-period",
                "in place of the period of kube-proxy's mode"),
            c => c.SyncPeriod, (c, v) => c with { SyncPeriod = v },
            OptionUse.Agent, "TIME",
            "Longest wait before a failed update is tried again, and how often the hooks are checked (default: 30s)"),
        Of(MaybeTime, Hot("minSyncPeriod", "--min-sync-period",
                "in place of the period of kube-proxy's mode"),
            c => c.MinSyncPeriod, (c, v) => c with { MinSyncPeriod = v },
            OptionUse.Agent, "TIME",
            "At least this long between two updates of the kernel, such as 500ms (default: 0, at once; what arrives during an update "
                + "is merged)"),
        Of(Time, Restart("verifyPeriod", "--verify-period",
                "how often the maps are compared with what they should hold, and repaired; 0: only by `ebpflb verify`"),
            c => c.VerifyPeriod, (c, v) => c with { VerifyPeriod = v },
            OptionUse.Agent, "TIME",
            "How often the maps are compared with what they should hold, and repaired (default: 5m; 0: only by `ebpflb verify`)"),
        Of(Text, Restart("logFormat", "--log-format",
                "text or json; empty: logging.format"),
            c => c.LogFormat, (c, v) => c with { LogFormat = v },
            OptionUse.Agent, "text|json",
            "One line a message, for people or as JSON objects (default: text)"),
        Of(Texts, Hot("devices.uplinks", "--devices",
                "exact names or patterns such as eth0, bond+, enp*; empty: found by kind and routes"),
            c => c.Devices.Uplinks, (c, v) => c with { Devices = c.Devices with { Uplinks = v } },
            OptionUse.Node, "NAMES",
            "Uplinks: exact names or patterns such as eth0,bond+ (default: found by kind and routes; see `ebpflb status`)"),
        Of(Texts, Hot("devices.exclude", "--exclude-devices",
                "devices to leave alone"),
            c => c.Devices.Exclude, (c, v) => c with { Devices = c.Devices with { Exclude = v } },
            OptionUse.Node, "NAMES",
            "Devices to leave alone, such as wg0,docker*"),
        Of(Texts, Hot("devices.pods", "--pod-device",
                "devices that pods are behind which socket hooks do not reach"),
            c => c.Devices.Pods, (c, v) => c with { Devices = c.Devices with { Pods = v } },
            OptionUse.Node, "NAMES",
            "Devices that pods are behind, such as 'cali*': their packets are balanced too, for pods that socket hooks do not reach"),
        Of(Text, Restart("devices.tcAttach", "--tc-attach",
                "auto, tcx or clsact: how programs are put at devices"),
            c => c.Devices.TcAttach, (c, v) => c with { Devices = c.Devices with { TcAttach = v } },
            OptionUse.Node, "auto|tcx|clsact",
            "How programs are put at devices (default: auto, TCX links where the kernel has them)"),
        Of(Text, Restart("answerLimit", "--answer-limit",
                "how many ICMP errors and resets are sent for services without endpoints: milliseconds between ICMP errors to one "
                    + "address, answers a second of the node, ICMP errors at once; off for no limit; empty: as net.ipv4.icmp_ratelimit, "
                    + "icmp_msgs_per_sec and icmp_msgs_burst say for the kernel's own"),
            c => c.AnswerLimit, (c, v) => c with { AnswerLimit = v },
            OptionUse.Node, "MS/RATE/BURST|off",
            "How many ICMP errors and resets are sent for services without endpoints: milliseconds between ICMP errors to one "
                + "address, answers a second of the node, ICMP errors at once (default: as net.ipv4.icmp_ratelimit, icmp_msgs_per_sec and "
                + "icmp_msgs_burst say for the kernel's own)"),
        Of(Text, Hot("snatPorts", "--snat-ports",
                "source ports of masqueraded connections, clear of nodePortRange and of net.ipv4.ip_local_port_range; empty: "
                    + "1024-29999, or 61000-65535 where NodePorts are in there"),
            c => c.SnatPorts, (c, v) => c with { SnatPorts = v },
            OptionUse.Node, "FIRST-LAST",
            "Source ports of masqueraded connections; clear of NodePorts and of net.ipv4.ip_local_port_range (default: 1024-29999, "
                + "or 61000-65535 where NodePorts are in there)"),
        Of(Text, Hot("nodePortRange", "--node-port-range",
                "the API server's --service-node-port-range"),
            c => c.NodePortRange, (c, v) => c with { NodePortRange = v },
            OptionUse.Connection, "FIRST-LAST",
            "The API server's --service-node-port-range (default: 30000-32767)"),
        Of(Flag, Hot("alwaysSnat", "--always-snat",
                "masquerade where kube-proxy does, also towards backends of this node"),
            c => c.AlwaysSnat, (c, v) => c with { AlwaysSnat = v },
            OptionUse.Connection, null,
            "Masquerade where kube-proxy does, also towards backends of this node, which otherwise see the client's address"),
        Of(Flag, Hot("hostSocketsOnly", "--host-sockets-only",
                "translate sockets of the node's own processes only"),
            c => c.HostSocketsOnly, (c, v) => c with { HostSocketsOnly = v },
            OptionUse.Connection, null,
            "Translate sockets of the node's own processes only, and leave pods to a service mesh or to --pod-device"),
        Of(Text, Restart("unknownPorts", "--unknown-ports",
                "reject or ignore: what asks a ClusterIP for an unknown port, or a ServiceCIDR for an address that no Service has"),
            c => c.UnknownPorts, (c, v) => c with { UnknownPorts = v },
            OptionUse.Connection, "reject|ignore",
            "What asks a ClusterIP for a port that its Service does not have is refused, and what asks an address of a ServiceCIDR "
                + "that no Service has is dropped; or both are left alone (default: reject)"),
        Of(Flag, Hot("protectNodePorts", "--protect-nodeports",
                "refuse bind() of the node's processes to a NodePort in use"),
            c => c.ProtectNodePorts, (c, v) => c with { ProtectNodePorts = v },
            OptionUse.Node, null,
            "Refuse bind() of the node's processes to a NodePort in use, where no client would reach them"),
        Of(Flag, Hot("dropEvents", "--drop-events",
                "report each drop"),
            c => c.DropEvents, (c, v) => c with { DropEvents = v },
            OptionUse.Node, null,
            "Report each drop (`ebpflb drops`, and in short in the log; default: true)"),
        Of(Flag, Hot("setSysctls", "--set-sysctls",
                "switch forwarding on"),
            c => c.SetSysctls, (c, v) => c with { SetSysctls = v },
            OptionUse.Node, null,
            "Switch net.ipv4.ip_forward and net.ipv6.conf.all.forwarding on, which Kubernetes and CNI plugins usually do (default: "
                + "only say what is off)"),
        Of(Flag, Restart("endTcpOfRemovedEndpoints", "--end-tcp-of-removed-endpoints",
                "end TCP connections too when the endpoint that they lead to is removed"),
            c => c.EndTcpOfRemovedEndpoints, (c, v) => c with { EndTcpOfRemovedEndpoints = v },
            OptionUse.Node, null,
            "End TCP connections of pods and of this node when the endpoint that they lead to is removed, instead of leaving them to "
                + "their time-outs; one that terminates keeps them while it is there. Connected UDP sockets are always ended with their "
                + "endpoint"),
        Of(MaybeTime, Hot("flows.tcpHalfOpen", null,
                "how long a TCP flow lives before its handshake is complete; null: 60s"),
            c => c.Flows.TcpHalfOpen, (c, v) => c with { Flows = c.Flows with { TcpHalfOpen = v } }),
        Of(MaybeTime, Hot("flows.tcpEstablished", null,
                "in place of conntrack.tcpEstablishedTimeout"),
            c => c.Flows.TcpEstablished, (c, v) => c with { Flows = c.Flows with { TcpEstablished = v } }),
        Of(MaybeTime, Hot("flows.tcpClosing", null,
                "in place of conntrack.tcpCloseWaitTimeout"),
            c => c.Flows.TcpClosing, (c, v) => c with { Flows = c.Flows with { TcpClosing = v } }),
        Of(MaybeTime, Hot("flows.tcpClosed", null,
                "how long a TCP flow lives after both sides have closed it; null: 65s"),
            c => c.Flows.TcpClosed, (c, v) => c with { Flows = c.Flows with { TcpClosed = v } }),
        Of(MaybeTime, Hot("flows.udp", null,
                "in place of conntrack.udpTimeout"),
            c => c.Flows.Udp, (c, v) => c with { Flows = c.Flows with { Udp = v } }),
        Of(MaybeTime, Hot("flows.udpStream", null,
                "in place of conntrack.udpStreamTimeout"),
            c => c.Flows.UdpStream, (c, v) => c with { Flows = c.Flows with { UdpStream = v } }),
        Of(Percent, Hot("flows.sweepCpuPercent", "--conntrack-sweep-cpu",
                "most of one core that expiring flows may take"),
            c => c.Flows.SweepCpuPercent, (c, v) => c with { Flows = c.Flows with { SweepCpuPercent = v } },
            OptionUse.Node, "PERCENT",
            "Most of one core that expiring flows may take (default: 5)"),
        .. SizeRow.All.Select(row => Of(MaybeInt, Restart(row.Path, row.Size.Option(), row.Note),
            c => c.Sizes[row.Size], (c, v) => c with { Sizes = c.Sizes.With(row.Size, v) }, OptionUse.Agent, "N", row.Help)),
    ];

    public static IReadOnlyList<FieldNote> All { get; } = [.. Rows.Select(row => row.Note)];

    /// <summary>
    /// What an agent that was started with <paramref name="start"/> does after the file has changed: the hot fields are the new ones.
    /// </summary>
    public static EbpfLbConfiguration WithHot(EbpfLbConfiguration start, EbpfLbConfiguration wanted)
        => Rows.Where(row => row.Note.Change == FieldChange.Hot).Aggregate(start, (config, row) => row.Take(config, wanted));

    public static FieldNote? Find(string path) => All.FirstOrDefault(f => f.Path == path);

    internal static string? Comment(string path) => Find(path)?.Text;

    private static FieldNote Hot(string path, string? option, string text) => new(path, option, FieldChange.Hot, text);

    private static FieldNote Restart(string path, string? option, string text) => new(path, option, FieldChange.Restart, text);
}
