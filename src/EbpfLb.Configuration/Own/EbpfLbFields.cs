using EbpfLb.Model;
using static EbpfLb.Configuration.FieldChange;

namespace EbpfLb.Configuration.Own;

/// <summary>Every field of an EbpfLbConfiguration, its option, and what it does.</summary>
public static class EbpfLbFields
{
    /// <summary>Made with the rows below: what takes a field over into a running agent is what makes it a hot one.</summary>
    private static readonly HotFields<EbpfLbConfiguration> HotOnes = new();

    public static IReadOnlyList<FieldNote> All { get; } =
    [
        new("instance", "--instance", Restart, "which instance on this machine: 1 to 63 letters, digits, '-' or '_'"),
        new("runDir", "--run-dir", Restart, "where the control socket is"),
        new("bpffs", "--bpffs", Restart, "mount point of the BPF file system; empty: where it is mounted"),
        new("allowPrivateBpffs", "--allow-private-bpffs", Restart,
            "be ready also where that file system ends with the agent's mount namespace, and everything in force with it"),
        new("ownerWait", "--owner-wait", Restart, "how long to wait at the start for another agent that owns the instance; 0: not at all"),
        new("cgroupRoot", "--cgroup-root", Restart, "cgroup v2 directory whose processes are served; empty: the root of the cgroup2 mount"),
        new("manifests", "--manifests", Restart, "read Services, EndpointSlices, Endpoints and Nodes from this file or directory; no "
            + "cluster is needed"),
        new("apiServers", "--api-server", Restart, "addresses of API servers, in place of the configured one"),
        new("serveHealthz", null, Restart, "false: nothing listens on healthzBindAddress"),
        new("serveMetrics", null, Restart, "false: nothing listens on metricsBindAddress"),
        Hot("serviceMetrics", "--service-metrics", (to, from) => to with { ServiceMetrics = from.ServiceMetrics },
            "service ports with counters of their own in the metrics; those beyond are summed; 0: none"),
        Hot("syncPeriod", "--sync-period", (to, from) => to with { SyncPeriod = from.SyncPeriod },
            "in place of the period of kube-proxy's mode"),
        Hot("minSyncPeriod", "--min-sync-period", (to, from) => to with { MinSyncPeriod = from.MinSyncPeriod },
            "in place of the period of kube-proxy's mode"),
        new("verifyPeriod", "--verify-period", Restart, "how often the maps are compared with what they should hold, and repaired; 0: "
            + "only by `ebpflb verify`"),
        new("logFormat", "--log-format", Restart, "text or json; empty: logging.format"),
        Hot("devices.uplinks", "--devices", (to, from) => to with { Devices = to.Devices with { Uplinks = from.Devices.Uplinks } },
            "exact names or patterns such as eth0, bond+, enp*; empty: found by kind and routes"),
        Hot("devices.exclude", "--exclude-devices", (to, from) => to with { Devices = to.Devices with { Exclude = from.Devices.Exclude } },
            "devices to leave alone"),
        Hot("devices.pods", "--pod-device", (to, from) => to with { Devices = to.Devices with { Pods = from.Devices.Pods } },
            "devices that pods are behind which socket hooks do not reach"),
        new("devices.tcAttach", "--tc-attach", Restart, "auto, tcx or clsact: how programs are put at devices"),
        new("answerLimit", "--answer-limit", Restart, "how many ICMP errors and resets are sent for services without endpoints: "
            + "milliseconds between ICMP errors to one address, answers a second of the node, ICMP errors at once; off for no limit; "
            + "empty: as net.ipv4.icmp_ratelimit, icmp_msgs_per_sec and icmp_msgs_burst say for the kernel's own"),
        Hot("snatPorts", "--snat-ports", (to, from) => to with { SnatPorts = from.SnatPorts },
            "source ports of masqueraded connections, clear of nodePortRange and of net.ipv4.ip_local_port_range; empty: 1024-29999, or "
            + "61000-65535 where NodePorts are in there"),
        Hot("nodePortRange", "--node-port-range", (to, from) => to with { NodePortRange = from.NodePortRange },
            "the API server's --service-node-port-range"),
        Hot("alwaysSnat", "--always-snat", (to, from) => to with { AlwaysSnat = from.AlwaysSnat },
            "masquerade where kube-proxy does, also towards backends of this node"),
        Hot("hostSocketsOnly", "--host-sockets-only", (to, from) => to with { HostSocketsOnly = from.HostSocketsOnly },
            "translate sockets of the node's own processes only"),
        new("unknownPorts", "--unknown-ports", Restart, "reject or ignore: what asks a ClusterIP for an unknown port, or a ServiceCIDR "
            + "for an address that no Service has"),
        Hot("protectNodePorts", "--protect-nodeports", (to, from) => to with { ProtectNodePorts = from.ProtectNodePorts },
            "refuse bind() of the node's processes to a NodePort in use"),
        Hot("dropEvents", "--drop-events", (to, from) => to with { DropEvents = from.DropEvents }, "report each drop"),
        Hot("setSysctls", "--set-sysctls", (to, from) => to with { SetSysctls = from.SetSysctls }, "switch forwarding on"),
        new("endTcpOfRemovedEndpoints", "--end-tcp-of-removed-endpoints", Restart,
            "end TCP connections too when the endpoint that they lead to is removed"),
        Hot("flows.tcpHalfOpen", null, (to, from) => to with { Flows = to.Flows with { TcpHalfOpen = from.Flows.TcpHalfOpen } },
            "how long a TCP flow lives before its handshake is complete; null: 60s"),
        Hot("flows.tcpEstablished", null, (to, from) => to with { Flows = to.Flows with { TcpEstablished = from.Flows.TcpEstablished } },
            "in place of conntrack.tcpEstablishedTimeout"),
        Hot("flows.tcpClosing", null, (to, from) => to with { Flows = to.Flows with { TcpClosing = from.Flows.TcpClosing } },
            "in place of conntrack.tcpCloseWaitTimeout"),
        Hot("flows.tcpClosed", null, (to, from) => to with { Flows = to.Flows with { TcpClosed = from.Flows.TcpClosed } },
            "how long a TCP flow lives after both sides have closed it; null: 65s"),
        Hot("flows.udp", null, (to, from) => to with { Flows = to.Flows with { Udp = from.Flows.Udp } },
            "in place of conntrack.udpTimeout"),
        Hot("flows.udpStream", null, (to, from) => to with { Flows = to.Flows with { UdpStream = from.Flows.UdpStream } },
            "in place of conntrack.udpStreamTimeout"),
        Hot("flows.sweepCpuPercent", "--conntrack-sweep-cpu", (to, from)
            => to with { Flows = to.Flows with { SweepCpuPercent = from.Flows.SweepCpuPercent } },
            "most of one core that expiring flows may take"),
        .. SizeRow.All.Select(row => new FieldNote(row.Path, row.Size.Option(), Restart, row.Note)),
    ];

    /// <summary>
    /// What an agent that was started with <paramref name="start"/> does after the file has changed: the hot fields are the new ones.
    /// </summary>
    public static EbpfLbConfiguration WithHot(EbpfLbConfiguration start, EbpfLbConfiguration wanted) => HotOnes.Take(start, wanted);

    public static FieldNote? Find(string path) => All.FirstOrDefault(f => f.Path == path);

    internal static string? Comment(string path) => Find(path)?.Text;

    private static FieldNote Hot(string path, string? option, Func<EbpfLbConfiguration, EbpfLbConfiguration, EbpfLbConfiguration> take,
        string text)
        => HotOnes.Add(new FieldNote(path, option, FieldChange.Hot, text), take);
}
