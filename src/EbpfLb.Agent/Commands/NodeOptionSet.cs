using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration;
using EbpfLb.Datapath.Node;
using static EbpfLb.Agent.Commands.ConfigOption;

namespace EbpfLb.Agent.Commands;

/// <summary>Options about devices, addresses, ports and masquerading, of `ebpflb run` and `ebpflb explain`.</summary>
internal sealed class NodeOptionSet
{
    /// <summary>kube-proxy's.</summary>
    public IReadOnlyList<ConfigOption> OfKubeProxy { get; } =
    [
        ProxyList("--nodeport-addresses", "LIST",
            "Addresses of the node on which NodePorts answer: ranges such as 10.0.0.0/8,fd00::/8, or "
                + "primary, localhost or all (default: all; primary with --proxy-mode nftables)",
            (c, texts) => c with { NodePortAddresses = [.. texts] }),
        ProxySwitch("--iptables-localhost-nodeports", "NodePorts answer the node's own processes on 127.0.0.1 (default: true)",
            (c, on) => c with { Iptables = c.Iptables with { LocalhostNodePorts = on } }),
        Proxy("--cluster-cidr", "RANGES",
            "Addresses of all pods, up to 8 ranges of each family, such as "
                + "10.244.0.0/16,fd00:10:244::/48. What comes from elsewhere is masqueraded on its way to a remote backend",
            (c, text) => c with { ClusterCidr = text }),
        Proxy("--detect-local-mode", "MODE",
            "How pods are told from others: ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix (default: ClusterCIDR)",
            (c, text) => c with { DetectLocalMode = text }),
        Proxy("--pod-bridge-interface", "NAME", "The bridge of --detect-local-mode BridgeInterface",
            (c, text) => c with { DetectLocal = c.DetectLocal with { BridgeInterface = text } }),
        Proxy("--pod-interface-name-prefix", "PREFIX", "Begin of the names of --detect-local-mode InterfaceNamePrefix",
            (c, text) => c with { DetectLocal = c.DetectLocal with { InterfaceNamePrefix = text } }),
        ProxySwitch("--masquerade-all", "Masquerade all traffic to ClusterIPs",
            (c, on) => c with { Iptables = c.Iptables with { MasqueradeAll = on }, Nftables = c.Nftables with { MasqueradeAll = on } }),
    ];

    public IReadOnlyList<ConfigOption> OfOurs { get; } =
    [
        OwnList("--devices", "NAMES",
            "Uplinks: exact names or patterns such as eth0,bond+ (default: found by kind and routes; see `ebpflb status`)",
            (c, texts) => c with { Devices = c.Devices with { Uplinks = [.. texts] } }),
        OwnList("--exclude-devices", "NAMES", "Devices to leave alone, such as wg0,docker*",
            (c, texts) => c with { Devices = c.Devices with { Exclude = [.. texts] } }),
        OwnList("--pod-device", "NAMES",
            "Devices that pods are behind, such as 'cali*': their packets are balanced too, for pods that socket hooks do not reach",
            (c, texts) => c with { Devices = c.Devices with { Pods = [.. texts] } }),
        Own("--tc-attach", "auto|tcx|clsact", "How programs are put at devices (default: auto, TCX links where the kernel has them)",
            (c, text) => c with { Devices = c.Devices with { TcAttach = text } }),
        OwnSwitch("--always-snat",
            "Masquerade where kube-proxy does, also towards backends of this node, which otherwise see the client's address",
            (c, on) => c with { AlwaysSnat = on }),
        OwnSwitch("--host-sockets-only",
            "Translate sockets of the node's own processes only, and leave pods to a service mesh or to --pod-device",
            (c, on) => c with { HostSocketsOnly = on }),
        Own("--unknown-ports", "reject|ignore",
            "What asks a ClusterIP for a port that its Service does not have is refused, and what asks an address "
                + "of a ServiceCIDR that no Service has is dropped; or both are left alone (default: reject)",
            (c, text) => c with { UnknownPorts = text }),
        OwnSwitch("--protect-nodeports", "Refuse bind() of the node's processes to a NodePort in use, where no client would reach them",
            (c, on) => c with { ProtectNodePorts = on }),
        OwnSwitch("--drop-events", "Report each drop (`ebpflb drops`, and in short in the log; default: true)",
            (c, on) => c with { DropEvents = on }),
        Own("--snat-ports", "FIRST-LAST",
            "Source ports of masqueraded connections; clear of NodePorts and of "
                + $"net.ipv4.ip_local_port_range (default: {NodeOptions.LowSnatPorts}, or "
            + $"{NodeOptions.HighSnatPorts} where NodePorts are in there)",
            (c, text) => c with { SnatPorts = text }),
        Own("--answer-limit", "MS/RATE/BURST|off",
            "How many ICMP errors and resets are sent for services without endpoints: "
                + "milliseconds between ICMP errors to one address, answers a second "
            + "of the node, ICMP errors at once (default: as net.ipv4.icmp_ratelimit, "
            + "icmp_msgs_per_sec and icmp_msgs_burst say for the kernel's own)",
            (c, text) => c with { AnswerLimit = text }),
        Own("--node-port-range", "FIRST-LAST", "The API server's --service-node-port-range (default: 30000-32767)",
            (c, text) => c with { NodePortRange = text }),
        OwnSwitch("--set-sysctls",
            "Switch net.ipv4.ip_forward and net.ipv6.conf.all.forwarding on, which "
                + "Kubernetes and CNI plugins usually do (default: only say what is off)",
            (c, on) => c with { SetSysctls = on }),
        OwnSwitch("--end-tcp-of-removed-endpoints",
            "End TCP connections of pods and of this node when the endpoint that "
                + "they lead to is removed, instead of leaving them to their "
            + "time-outs; one that terminates keeps them while it is there. Connected UDP sockets are always ended with their endpoint",
            (c, on) => c with { EndTcpOfRemovedEndpoints = on }),
        Own("--conntrack-sweep-cpu", "PERCENT", "Most of one core that expiring flows may take (default: 5)",
            (c, text) => c with { Flows = c.Flows with { SweepCpuPercent = Number(text.TrimEnd('%')) } }),
    ];

    /// <summary>Of those, what decides nothing about a single connection.</summary>
    private static readonly string[] UnseenByExplain =
    [
        "--devices", "--exclude-devices", "--pod-device", "--tc-attach", "--protect-nodeports", "--drop-events", "--snat-ports",
        "--answer-limit", "--set-sysctls", "--end-tcp-of-removed-endpoints", "--conntrack-sweep-cpu",
    ];

    /// <summary>
    /// For `ebpflb explain`: it takes all, so that the options of an agent can be repeated, and shows those that matter to it.
    /// </summary>
    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            option.Option.Hidden = UnseenByExplain.Contains(option.Name);
            command.Options.Add(option.Option);
        }
        command.Validators.Add(result =>
        {
            foreach (var error in ConfigErrors.Of(result, All)) result.AddError(error);
        });
    }

    public bool IsGiven(CommandResult result) => All.Any(o => o.IsGiven(result));

    /// <summary>What was given over the defaults.</summary>
    public NodeOptions Read(ParseResult result)
    {
        var config = All.Aggregate(LoadedConfig.Default, (config, option) => option.Apply(result.CommandResult, config));
        return ConfiguredOptions.Node(config.KubeProxy, config.EbpfLb);
    }

    private IEnumerable<ConfigOption> All => OfKubeProxy.Concat(OfOurs);
}
