using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Own;
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

    public IReadOnlyList<ConfigOption> OfOurs { get; } = [.. OwnRows().Select(Of).OfType<ConfigOption>()];

    /// <summary>
    /// For `ebpflb explain`: it takes all, so that the options of an agent can be repeated, and shows those that matter to it.
    /// </summary>
    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            option.Option.Hidden = OwnRows().Any(row => row.Use == OptionUse.Node && row.Note.Option == option.Name);
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

    private static IEnumerable<OwnField> OwnRows() => EbpfLbFields.Rows.Where(row => row.Use != OptionUse.Agent);
}
