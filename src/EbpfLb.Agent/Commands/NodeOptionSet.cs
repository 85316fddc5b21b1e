using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Agent.Options;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Commands;

/// <summary>Options of `ebpflb run` about devices, addresses and masquerading; the names are kube-proxy's where it has them.</summary>
internal sealed class NodeOptionSet
{
    private static readonly NodeOptions Defaults = NodeOptions.Default;

    private readonly Option<IReadOnlyList<NamePattern>> devices = Patterns("--devices",
        "Uplinks: exact names or patterns such as eth0,bond+ (default: found by kind and routes; see `ebpflb status`)");

    private readonly Option<IReadOnlyList<NamePattern>> excluded = Patterns("--exclude-devices", "Devices to leave alone, such as wg0,docker*");

    private readonly Option<IReadOnlyList<NamePattern>> pods = Patterns("--pod-device",
        "Devices that pods are behind, such as 'cali*': their packets are balanced too, for pods that socket hooks do not reach");

    private readonly Option<TcAttachMode> attach = CheckedOption.Create("--tc-attach", "auto|tcx|clsact",
        "How programs are put at devices (default: auto, TCX links where the kernel has them)", text => Choice.Parse<TcAttachMode>(text));

    private readonly Option<NodePortAddresses> nodePortAddresses = CheckedOption.Create("--nodeport-addresses", "LIST",
        "Addresses of the node on which NodePorts answer: ranges such as 10.0.0.0/8,fd00::/8, or primary, localhost or all (default: all)",
        NodePortAddresses.Parse);

    private readonly Option<Answer> localhostNodePorts = CheckedOption.Create("--iptables-localhost-nodeports", "true|false",
        "NodePorts answer the node's own processes on 127.0.0.1 (default: true)", ParseBool);

    private readonly Option<ValueList<SourceRange>> clusterCidr = CheckedOption.Create("--cluster-cidr", "RANGES",
        "Addresses of all pods, one range of each family, such as 10.244.0.0/16,fd00:10:244::/48. What comes from elsewhere is masqueraded on its way to a remote backend", ParseCidrs);

    private readonly Option<DetectLocalMode> detectLocalMode = CheckedOption.Create("--detect-local-mode", "MODE",
        "How pods are told from others: ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix (default: ClusterCIDR)", text => Choice.Parse<DetectLocalMode>(text));

    private readonly Option<string> bridge = new("--pod-bridge-interface") { HelpName = "NAME", Description = "The bridge of --detect-local-mode BridgeInterface" };

    private readonly Option<string> prefix = new("--pod-interface-name-prefix") { HelpName = "PREFIX", Description = "Begin of the names of --detect-local-mode InterfaceNamePrefix" };

    private readonly Option<bool> masqueradeAll = new("--masquerade-all") { Description = "Masquerade all traffic to ClusterIPs" };

    private readonly Option<bool> alwaysSnat = new("--always-snat")
    {
        Description = "Masquerade where kube-proxy does, also towards backends of this node, which otherwise see the client's address",
    };

    private readonly Option<bool> hostSocketsOnly = new("--host-sockets-only")
    {
        Description = "Translate sockets of the node's own processes only, and leave pods to a service mesh or to --pod-device",
    };

    private readonly Option<bool> protectNodePorts = new("--protect-nodeports")
    {
        Description = "Refuse bind() of the node's processes to a NodePort in use, where no client would reach them",
    };

    private readonly Option<Answer> dropEvents = CheckedOption.Create("--drop-events", "true|false",
        "Tell of each drop (`ebpflb drops`, and in short in the log; default: true)", ParseBool);

    private readonly Option<PortRange> snatPorts = CheckedOption.Create("--snat-ports", "FIRST-LAST",
        $"Source ports of masqueraded connections; clear of NodePorts and of net.ipv4.ip_local_port_range (default: {NodeOptions.LowSnatPorts}, or "
        + $"{NodeOptions.HighSnatPorts} where NodePorts are in there)", ParsePorts);

    private readonly Option<PortRange> nodePortRange = CheckedOption.Create("--node-port-range", "FIRST-LAST",
        $"The API server's --service-node-port-range (default: {Defaults.NodePorts})", ParsePorts);

    private readonly Option<bool> setSysctls = new("--set-sysctls")
    {
        Description = "Switch net.ipv4.ip_forward and net.ipv6.conf.all.forwarding on, which Kubernetes and CNI plugins usually do (default: only say what is off)",
    };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[]
        {
            devices, excluded, pods, attach, nodePortAddresses, localhostNodePorts, clusterCidr, detectLocalMode, bridge, prefix,
            masqueradeAll, alwaysSnat, hostSocketsOnly, protectNodePorts, dropEvents, snatPorts, nodePortRange, setSysctls,
        }) command.Options.Add(option);
        // Not the command's: errors there would keep those of the other options from being told.
        detectLocalMode.Validators.Add(result => Check(result, CheckDetector));
        foreach (var option in new[] { snatPorts, nodePortRange }) option.Validators.Add(result => Check(result, CheckPorts));
    }

    public TcAttachMode ReadAttachMode(ParseResult result) => result.GetValue(attach);

    public bool ReadSetSysctls(ParseResult result) => result.GetValue(setSysctls);

    public NodeOptions Read(ParseResult result)
    {
        var mode = result.GetValue(detectLocalMode);
        return new NodeOptions
        {
            Devices = new DeviceOptions(result.GetValue(devices) ?? [], result.GetValue(excluded) ?? [], result.GetValue(pods) ?? []),
            NodePortAddresses = result.GetValue(nodePortAddresses) ?? NodePortAddresses.Unset,
            LocalhostNodePorts = result.GetValue(localhostNodePorts)?.IsYes ?? Defaults.LocalhostNodePorts,
            Detector = new PodDetector(mode, result.GetResult(clusterCidr) is null ? [] : result.GetValue(clusterCidr), InterfaceOf(mode, result)),
            MasqueradeAll = result.GetValue(masqueradeAll),
            AlwaysSnat = result.GetValue(alwaysSnat),
            HostSocketsOnly = result.GetValue(hostSocketsOnly),
            ProtectNodePorts = result.GetValue(protectNodePorts),
            DropEvents = result.GetValue(dropEvents)?.IsYes ?? true,
            NodePorts = ReadNodePorts(result.RootCommandResult),
            SnatPorts = ReadSnatPorts(result.RootCommandResult),
        };
    }

    private PortRange ReadNodePorts(SymbolResult result) => result.GetResult(nodePortRange) is null ? Defaults.NodePorts : result.GetValue(nodePortRange);

    private PortRange ReadSnatPorts(SymbolResult result)
        => result.GetResult(snatPorts) is null ? NodeOptions.SnatPortsBeside(ReadNodePorts(result)) : result.GetValue(snatPorts);

    private string? InterfaceOf(DetectLocalMode mode, ParseResult result) => mode switch
    {
        DetectLocalMode.BridgeInterface => result.GetValue(bridge),
        DetectLocalMode.InterfaceNamePrefix => result.GetValue(prefix),
        _ => null,
    };

    private static void Check(OptionResult result, Action<OptionResult> check)
    {
        try
        {
            check(result);
        }
        catch (InvalidOperationException)
        {
            // One of the values cannot be read, and says so itself.
        }
    }

    private void CheckDetector(OptionResult result)
    {
        var mode = result.GetValue(detectLocalMode);
        if (mode == DetectLocalMode.BridgeInterface && string.IsNullOrEmpty(result.GetValue(bridge)))
            result.AddError($"--detect-local-mode {mode} needs --pod-bridge-interface");
        if (mode == DetectLocalMode.InterfaceNamePrefix && string.IsNullOrEmpty(result.GetValue(prefix)))
            result.AddError($"--detect-local-mode {mode} needs --pod-interface-name-prefix");
    }

    private void CheckPorts(OptionResult result)
    {
        var (snat, nodes) = (ReadSnatPorts(result), ReadNodePorts(result));
        if (snat.First <= nodes.Last && nodes.First <= snat.Last)
            result.AddError($"--snat-ports {snat} and --node-port-range {nodes} overlap: answers to masqueraded connections would be taken for requests; move one of them");
    }

    private static Option<IReadOnlyList<NamePattern>> Patterns(string name, string description)
        => CheckedOption.Create<IReadOnlyList<NamePattern>>(name, "NAMES", description,
            text => [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(NamePattern.Parse)]);

    private static Answer ParseBool(string text) => bool.TryParse(text, out var value) ? new Answer(value) : throw new FormatException($"'{text}' is neither true nor false");

    private static PortRange ParsePorts(string text)
        => text.Split('-') is [var first, var last] && ushort.TryParse(first, out var low) && ushort.TryParse(last, out var high) && low > 0 && low <= high
            ? new PortRange(low, high)
            : throw new FormatException($"'{text}' is not a range of ports; give one such as 61000-65535");

    private static ValueList<SourceRange> ParseCidrs(string text)
    {
        List<SourceRange> ranges = [];
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            ranges.Add(SourceRange.TryParse(part, out var range)
                ? range
                : throw new FormatException($"'{part}' is not a range of addresses; give one such as 10.244.0.0/16"));
        }
        return ranges.Select(r => r.Prefix.Family).Distinct().Count() == ranges.Count
            ? ranges.ToValueList()
            : throw new FormatException($"'{text}' has two ranges of one family; give one of each");
    }

    /// <summary>Of an option that wants a word: to the parser a bool is a switch, and what follows it an argument of the command.</summary>
    private sealed record Answer(bool IsYes);
}
