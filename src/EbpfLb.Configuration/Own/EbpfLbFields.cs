using static EbpfLb.Configuration.FieldChange;

namespace EbpfLb.Configuration.Own;

/// <summary>Every field of an EbpfLbConfiguration, its option, and what it does.</summary>
public static class EbpfLbFields
{
    public static IReadOnlyList<FieldNote> All { get; } =
    [
        new("instance", "--instance", Restart, "which instance on this machine: 1 to 63 letters, digits, '-' or '_'"),
        new("runDir", "--run-dir", Restart, "where the control socket is"),
        new("bpffs", "--bpffs", Restart, "mount point of the BPF file system; empty: where it is mounted"),
        new("cgroupRoot", "--cgroup-root", Restart, "cgroup v2 directory whose processes are served; empty: the root of the cgroup2 mount"),
        new("manifests", "--manifests", Restart, "read Services, EndpointSlices, Endpoints and Nodes from this file or directory; no cluster is needed"),
        new("apiServers", "--api-server", Restart, "addresses of API servers, in place of the configured one"),
        new("serveHealthz", null, Restart, "false: nothing listens on healthzBindAddress"),
        new("serveMetrics", null, Restart, "false: nothing listens on metricsBindAddress"),
        new("serviceMetrics", "--service-metrics", Hot, "service ports with counters of their own in the metrics; those beyond are summed; 0: none"),
        new("syncPeriod", "--sync-period", Hot, "in place of the period of kube-proxy's mode"),
        new("minSyncPeriod", "--min-sync-period", Hot, "in place of the period of kube-proxy's mode"),
        new("verifyPeriod", "--verify-period", Restart, "how often the maps are compared with what they should hold, and mended; 0: only by `ebpflb verify`"),
        new("logFormat", "--log-format", Restart, "text or json; empty: logging.format"),
        new("devices.uplinks", "--devices", Hot, "exact names or patterns such as eth0, bond+, enp*; empty: found by kind and routes"),
        new("devices.exclude", "--exclude-devices", Hot, "devices to leave alone"),
        new("devices.pods", "--pod-device", Hot, "devices that pods are behind which socket hooks do not reach"),
        new("devices.tcAttach", "--tc-attach", Restart, "auto, tcx or clsact: how programs are put at devices"),
        new("snatPorts", "--snat-ports", Hot, "source ports of masqueraded connections, clear of nodePortRange and of net.ipv4.ip_local_port_range; empty: 1024-29999, or 61000-65535 where NodePorts are in there"),
        new("nodePortRange", "--node-port-range", Hot, "the API server's --service-node-port-range"),
        new("alwaysSnat", "--always-snat", Hot, "masquerade where kube-proxy does, also towards backends of this node"),
        new("hostSocketsOnly", "--host-sockets-only", Hot, "translate sockets of the node's own processes only"),
        new("unknownPorts", "--unknown-ports", Restart, "reject or ignore: what asks a ClusterIP for an unknown port, or a ServiceCIDR for an address that no Service has"),
        new("protectNodePorts", "--protect-nodeports", Hot, "refuse bind() of the node's processes to a NodePort in use"),
        new("dropEvents", "--drop-events", Hot, "tell of each drop"),
        new("setSysctls", "--set-sysctls", Hot, "switch forwarding on"),
        new("endTcpOfRemovedEndpoints", "--end-tcp-of-removed-endpoints", Restart, "end TCP connections too when the endpoint that they lead to is removed"),
        new("flows.tcpHalfOpen", null, Hot, "how long a TCP flow lives before its handshake is complete; null: 60s"),
        new("flows.tcpEstablished", null, Hot, "in place of conntrack.tcpEstablishedTimeout"),
        new("flows.tcpClosing", null, Hot, "in place of conntrack.tcpCloseWaitTimeout"),
        new("flows.tcpClosed", null, Hot, "how long a TCP flow lives after both sides have closed it; null: 65s"),
        new("flows.udp", null, Hot, "in place of conntrack.udpTimeout"),
        new("flows.udpStream", null, Hot, "in place of conntrack.udpStreamTimeout"),
        new("flows.sweepCpuPercent", "--conntrack-sweep-cpu", Hot, "most of one core that expiring flows may take"),
        new("sizes.services", "--max-services", Restart, "service ports; null here and below: by the machine's memory"),
        new("sizes.frontends", "--max-frontends", Restart, "addresses with port and protocol, for each family"),
        new("sizes.backends", "--max-backends", Restart, "backends of all service ports together"),
        new("sizes.slots", "--max-slots", Restart, "places in backend lists"),
        new("sizes.affinity", "--max-affinity", Restart, "clients that session affinity remembers"),
        new("sizes.flows", "--max-flows", Restart, "flows tracked at once, for each family; 544 bytes each"),
        new("sizes.sourceRanges", "--max-source-ranges", Restart, "loadBalancerSourceRanges together, for each family"),
        new("sizes.nodeAddresses", "--max-node-addresses", Restart, "addresses of this node's devices, for each family"),
        new("sizes.devices", "--max-devices", Restart, "devices of this node"),
    ];

    public static FieldNote? Find(string path) => All.FirstOrDefault(f => f.Path == path);

    internal static string? Comment(string path) => Find(path)?.Text;
}
