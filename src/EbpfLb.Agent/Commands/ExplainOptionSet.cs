using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Agent.Explanations;
using EbpfLb.Agent.Output;
using EbpfLb.Explain;
using EbpfLb.Model;

namespace EbpfLb.Agent.Commands;

/// <summary>The options of `ebpflb explain`.</summary>
internal sealed class ExplainOptionSet(InstanceOptionSet instance)
{
    private readonly NodeOptionSet node = new();

    private readonly Option<IpAddress?> from = CheckedOption.Create<IpAddress?>(
        "--from", "ADDRESS", "Who connects", text => FlowText.ParseAddress(text));

    private readonly Option<Destination> to = CheckedOption.Create(
        "--to", "ADDRESS:PORT[/PROTOCOL]", "What it connects to (TCP when no protocol is given)", text =>
    {
        var (address, port, protocol) = FlowText.ParseTo(text);
        return new Destination(address, port, protocol);
    });

    private readonly Option<FlowPath?> path = CheckedOption.Create<FlowPath?>("--path", "socket|packet",
        "Translated at the socket or packet by packet (default: pods of the node and its own processes by socket, others by packet)",
        text => FlowText.ParsePath(text));

    private readonly Option<string> ingress = new("--ingress-interface")
    {
        HelpName = "NAME", Description = $"The device that packets come in by, for {OptionNames.DetectLocalMode} by device",
    };

    private readonly Option<string> flows = new("--flows")
    {
        HelpName = "FILE", Description = "Explain each line of the file, a JSON object (- for the standard input); with -o json",
    };

    private readonly Option<string> manifests = new(OptionNames.Manifests)
    {
        HelpName = "PATH",
        Description = "Compile this file or directory instead of asking an agent; no kernel is touched. It "
            + "may hold what `kubectl get services,endpointslices,nodes -A -o json` prints",
    };

    private readonly Option<string> nodeName = CheckedOption.Create(OptionNames.NodeName, "NAME",
        $"With {OptionNames.Manifests}: the node that answers (default: the only one there)", text => text.Trim().ToLowerInvariant());

    private readonly Option<string> config = new(OptionNames.Config)
    {
        HelpName = "FILE",
        Description = $"With {OptionNames.Manifests}: a KubeProxyConfiguration, an EbpfLbConfiguration or both; as "
            + "with kube-proxy, other options about the node then do not count",
    };

    private readonly Option<IpAddress[]> nodeAddresses = new("--node-address")
    {
        HelpName = "ADDRESS",
        Description = $"With {OptionNames.Manifests}: a further address of the node's interfaces, "
            + "beside those of its Node object; may be given several times",
        CustomParser = ParseAddresses,
    };

    private readonly Option<OutputFormat> format = CommandLine.CreateFormat();

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { from, to, path, ingress, flows, manifests, nodeName, config, nodeAddresses, format })
            command.Options.Add(option);
        instance.AddTo(command);
        node.AddTo(command);
        command.AddCheck(Check);
    }

    public ExplainOptions Read(ParseResult result) => new(
        instance.Read(result),
        FlowOf(result),
        result.GetValue(flows),
        result.GetValue(manifests),
        result.GetValue(nodeName),
        result.GetValue(config),
        node.Read(result),
        result.GetValue(nodeAddresses) ?? [],
        result.GetValue(format));

    private Flow? FlowOf(ParseResult result)
        => result.GetValue(from) is { } source && result.GetValue(to) is { } target
            ? new Flow(source, target.Address, target.Port, target.Protocol, result.GetValue(path), result.GetValue(ingress))
            : null;

    private void Check(CommandResult result)
    {
        var (hasFrom, hasTo, hasFlows, isOffline) = (Has(from), Has(to), Has(flows), Has(manifests));
        if (hasFlows && (hasFrom || hasTo || Has(path) || Has(ingress)))
            result.AddError("--flows and --from, --to, --path, --ingress-interface exclude each other: each line says that itself");
        else if (!hasFlows && (!hasFrom || !hasTo)) result.AddError("which connection? Give --from and --to, or --flows");
        if (!isOffline && (Has(nodeName) || Has(nodeAddresses) || Has(config) || node.IsGiven(result)))
            result.AddError($"{OptionNames.NodeName}, --node-address, {OptionNames.Config} and options of the node such as "
                + $"{OptionNames.ClusterCidr} are for {OptionNames.Manifests}: the agent knows its node");
        if (hasFrom && hasTo && result.GetValue(from) is { } source && result.GetValue(to) is { } target
            && source.Family != target.Address.Family)
            result.AddError($"--to {target.Address} is {target.Address.Family} and --from "
                + $"{source} {source.Family}; give two addresses of one family");
        if (hasFlows && result.GetValue(format) != OutputFormat.Json) result.AddError("--flows answers in JSON only: add -o json");

        bool Has(Option option) => result.GetResult(option) is { Implicit: false };
    }

    private static IpAddress[] ParseAddresses(ArgumentResult result)
    {
        List<IpAddress> addresses = [];
        foreach (var token in result.Tokens)
        {
            if (IpAddress.TryParse(token.Value, out var address)) addresses.Add(address);
            else result.AddError($"--node-address: '{token.Value}' is not an IP address; give one such as 192.0.2.11");
        }
        return [.. addresses];
    }

    private sealed record Destination(IpAddress Address, ushort Port, TransportProtocol Protocol);
}
