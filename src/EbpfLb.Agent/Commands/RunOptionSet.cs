using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using EbpfLb.Agent.Logging;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration.Values;

namespace EbpfLb.Agent.Commands;

/// <summary>The options of `ebpflb run`.</summary>
internal sealed class RunOptionSet
{
    private readonly InstanceOptionSet instance = new();

    private readonly FlowOptionSet flows = new();

    private readonly NodeOptionSet node = new();

    private readonly Option<string> manifests = new("--manifests")
    {
        HelpName = "PATH",
        Description = "Read Services, EndpointSlices, Endpoints and Nodes from this file or directory (YAML, JSON), and watch it. No cluster is needed",
    };

    private readonly Option<string> kubeConfig = new("--kubeconfig")
    {
        HelpName = "FILE",
        Description = "How to reach the API server (default: in-cluster, by the pod's service account)",
    };

    private readonly Option<Uri[]> apiServers = new("--api-server")
    {
        HelpName = "URL",
        Description = "Address of an API server, in place of the configured one; give it several times for fail-over. "
            + "Needed in a cluster without kube-proxy, where the ClusterIP 'kubernetes' does not work yet",
        CustomParser = ParseServers,
    };

    private readonly Option<string> nodeName = CheckedOption.Create("--node-name", "NAME",
        "Name of this node's Node object (default: the lowercased host name)", text => text.Trim() is { Length: > 0 } name
            ? name.ToLowerInvariant()
            : throw new FormatException("a node name is not empty"));

    private readonly Option<string> cgroupRoot = new("--cgroup-root")
    {
        HelpName = "DIR",
        Description = "cgroup v2 directory whose processes are served (default: the root of the cgroup2 mount)",
    };

    private readonly Option<BindAddress> healthz = CheckedOption.Create(OptionNames.HealthzBindAddress, "IP:PORT",
        $"Serves /healthz, /livez and /readyz (default: 0.0.0.0:{RunOptions.DefaultHealthzPort}; \"\" for none)",
        text => new BindAddress(EndpointText.Parse(text, RunOptions.DefaultHealthzPort)));

    private readonly Option<BindAddress> metrics = CheckedOption.Create(OptionNames.MetricsBindAddress, "IP:PORT",
        $"Serves /metrics and /proxyMode (default: 127.0.0.1:{RunOptions.DefaultMetricsPort}; \"\" for none)",
        text => new BindAddress(EndpointText.Parse(text, RunOptions.DefaultMetricsPort)));

    private readonly Option<TimeSpan> minSyncPeriod = CheckedOption.Create("--min-sync-period", "TIME",
        "At least this long between two updates of the kernel, such as 500ms (default: 0, at once; what arrives during an update is merged)", DurationText.Parse);

    private readonly Option<TimeSpan> syncPeriod = CheckedOption.Create("--sync-period", "TIME",
        "Longest wait before a failed update is tried again, and how often the hooks are checked (default: 30s)", text => DurationText.Parse(text) is { Ticks: > 0 } period
            ? period
            : throw new FormatException("the period must be longer than 0"));

    private readonly Option<LogFormat> logFormat = CheckedOption.Create("--log-format", "text|json",
        "One line a message, for people or as JSON objects (default: text)", text => Choice.Parse<LogFormat>(text));

    private readonly Option<int> verbosity = CheckedOption.Create("--verbosity", "N",
        "How much is logged: 0 usual, 4 every update, 6 everything (default: 0)", text => int.TryParse(text, out var level) && level >= 0
            ? level
            : throw new FormatException($"'{text}' is not a level; give 0 to 10"));

    private readonly Option<uint?> maxServices = CheckedOption.Entries("--max-services", "Service ports, each with an id and counters (default: 65536, less on machines with much CPU and little memory)");
    private readonly Option<uint?> maxFrontends = CheckedOption.Entries("--max-frontends", "Frontends (address, port and protocol), for each family (default: 65536 from 4 GiB of memory on, down to 8192)");
    private readonly Option<uint?> maxBackends = CheckedOption.Entries("--max-backends", "Backends of all service ports together (default: 4 times the frontends)");
    private readonly Option<uint?> maxSlots = CheckedOption.Entries("--max-slots", "Places in backend lists; leave room, as a changed list is written beside the old one (default: 8 times the frontends)");
    private readonly Option<uint?> maxAffinity = CheckedOption.Entries("--max-affinity", "Clients that session affinity remembers (default: as many as frontends)");

    private readonly Option<uint?> maxFlows = CheckedOption.Entries("--max-flows", "Flows tracked at once, for each family (default: 131072 from 8 GiB of memory on, in proportion below; 544 bytes each)");
    private readonly Option<uint?> maxNodeAddresses = CheckedOption.Entries("--max-node-addresses", "Addresses of this node's devices, for each family (default: 4096)");
    private readonly Option<uint?> maxDevices = CheckedOption.Entries("--max-devices", "Devices of this node (default: 4096)");
    private readonly Option<uint?> maxSourceRanges = CheckedOption.Entries("--max-source-ranges", "loadBalancerSourceRanges of all service ports together, for each family (default: 4096)");

    public void AddTo(Command command)
    {
        instance.AddTo(command);
        verbosity.Aliases.Add("-v");
        foreach (var option in new Option[]
        {
            manifests, kubeConfig, apiServers, nodeName, cgroupRoot, healthz, metrics, minSyncPeriod, syncPeriod,
            logFormat, verbosity, maxServices, maxFrontends, maxBackends, maxSlots, maxAffinity, maxFlows, maxSourceRanges, maxNodeAddresses, maxDevices,
        }) command.Options.Add(option);
        flows.AddTo(command);
        node.AddTo(command);
        foreach (var other in new Option[] { kubeConfig, apiServers }) other.Validators.Add(ExcludeManifests);
    }

    public RunOptions Read(ParseResult result) => new()
    {
        Instance = instance.Read(result, result.GetValue(cgroupRoot)),
        NodeName = result.GetValue(nodeName) ?? Dns.GetHostName().Trim().ToLowerInvariant(),
        Manifests = result.GetValue(manifests),
        KubeConfig = result.GetValue(kubeConfig),
        ApiServers = result.GetValue(apiServers) ?? [],
        HealthzAddress = result.GetResult(healthz) is null ? new IPEndPoint(IPAddress.Any, RunOptions.DefaultHealthzPort) : result.GetValue(healthz).EndPoint,
        MetricsAddress = result.GetResult(metrics) is null ? new IPEndPoint(IPAddress.Loopback, RunOptions.DefaultMetricsPort) : result.GetValue(metrics).EndPoint,
        MinSyncPeriod = result.GetValue(minSyncPeriod),
        SyncPeriod = result.GetResult(syncPeriod) is null ? TimeSpan.FromSeconds(30) : result.GetValue(syncPeriod),
        LogFormat = result.GetValue(logFormat),
        Verbosity = result.GetValue(verbosity),
        Flags = [.. result.CommandResult.Children.OfType<OptionResult>().Where(o => !o.Implicit)
            .Select(o => $"{o.Option.Name.TrimStart('-')}={string.Join(',', o.Tokens.Select(t => t.Value))}")],
        Flows = flows.Read(result),
        Node = node.Read(result),
        TcAttach = node.ReadAttachMode(result),
        SetSysctls = node.ReadSetSysctls(result),
        Sizes = new SizeOptions(
            result.GetValue(maxServices), result.GetValue(maxFrontends), result.GetValue(maxBackends), result.GetValue(maxSlots), result.GetValue(maxAffinity),
            result.GetValue(maxFlows), result.GetValue(maxSourceRanges), result.GetValue(maxNodeAddresses), result.GetValue(maxDevices)),
    };

    private void ExcludeManifests(OptionResult result)
    {
        if (result.Parent is CommandResult command && command.GetResult(manifests) is not null)
            result.AddError($"--manifests and {result.Option.Name} exclude each other: the cluster's state has one source");
    }

    private static Uri[] ParseServers(ArgumentResult result)
    {
        List<Uri> servers = [];
        foreach (var token in result.Tokens)
        {
            if (Uri.TryCreate(token.Value, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http") servers.Add(uri);
            else result.AddError($"--api-server: '{token.Value}' is not an address of a server; give one such as https://10.0.0.1:6443");
        }
        return [.. servers];
    }

    /// <param name="EndPoint">null: none, which the parser cannot tell from "not given".</param>
    private readonly record struct BindAddress(IPEndPoint? EndPoint);
}
