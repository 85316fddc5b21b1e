using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;
using EbpfLb.Model;
using static EbpfLb.Agent.Commands.ConfigOption;

namespace EbpfLb.Agent.Commands;

/// <summary>
/// The options of `ebpflb run`. All but a few stand for a field of one of the two configurations: what is given goes over what the file
/// says, but for kube-proxy's own options beside a file, which then do not count (docs/contract.md 17).
/// </summary>
internal sealed class RunOptionSet
{
    private readonly ProcessFlagSet bare = new();

    private readonly IReadOnlyList<ConfigOption> proxy;

    private readonly IReadOnlyList<ConfigOption> own;

    private readonly InstanceEnvironment environment;

    public RunOptionSet(InstanceEnvironment environment)
    {
        this.environment = environment;
        var node = new NodeOptionSet();
        proxy = [.. new KubeProxyOptionSet().All, .. node.OfKubeProxy];
        own = [.. Agent(), .. Sizes(), .. node.OfOurs];
    }

    public void AddTo(Command command)
    {
        bare.AddTo(command);
        foreach (var option in own.Concat(proxy))
        {
            if (KubeProxyFields.FindOption(option.Name) is { HasMeaning: false }) option.Option.Hidden = true;
            command.Options.Add(option.Option);
        }
        command.Validators.Add(result =>
        {
            foreach (var error in Check(result)) result.AddError(error);
        });
    }

    public RunRequest Read(ParseResult result)
    {
        var command = result.CommandResult;
        var hasFile = bare.ConfigPath(result) is not null;
        var ignored = hasFile ? proxy.Where(o => !KubeProxyOptionSet.CountsBesideFile(o) && o.IsGiven(command)).ToList() : [];
        var counted = proxy.Except(ignored).Concat(own).ToList();
        return new RunRequest
        {
            ConfigPath = bare.ConfigPath(result),
            Overlay = file => counted.Aggregate(file with { EbpfLb = environment.Over(file.EbpfLb) }, (config, option)
                => option.Apply(command, config)),
            SetsOomScore = hasFile || proxy.Any(o => o.Name == "--oom-score-adj" && o.IsGiven(command)),
            Flags = [.. command.Children.OfType<OptionResult>().Where(o => !o.Implicit)
                .Select(o => $"{o.Option.Name.TrimStart('-')}={string.Join(',', o.Tokens.Select(t => t.Value))}")],
            IgnoredOptions = [.. ignored.Select(o => o.Name)],
            OldOptions = [.. bare.Old(result)],
            WriteConfigTo = bare.WriteConfigTo(result),
            Cleanup = bare.Cleanup(result),
            InitOnly = bare.InitOnly(result),
            ShowVersion = bare.Version(result),
        };
    }

    /// <summary>Beside a file only the forms are looked at: what values may be depends on it.</summary>
    private IEnumerable<string> Check(CommandResult result)
    {
        var hasFile = bare.HasConfig(result);
        foreach (var error in ConfigErrors.Of(result, hasFile ? own : own.Concat(proxy), formsOnly: hasFile)) yield return error;
        if (!Has("--instance") && environment.Problem is { } problem) yield return problem;
        if (Has("--manifests") && Has("--kubeconfig") && !hasFile) yield return "--manifests and --kubeconfig exclude each other: the "
            + "cluster's state has one source";

        bool Has(string name) => own.Concat(proxy).Any(o => o.Name == name && o.IsGiven(result));
    }

    private static IEnumerable<ConfigOption> Agent() =>
    [
        Own("--manifests", "PATH", "Read Services, EndpointSlices, Endpoints and Nodes from this file or directory (YAML, JSON), and "
            + "watch it. No cluster is needed",
            (c, text) => c with { Manifests = text, ApiServers = [] }),
        OwnList("--api-server", "URL", "Address of an API server, in place of the configured one; give it several times for fail-over. "
            + "Needed in a cluster without kube-proxy, where the ClusterIP 'kubernetes' does not work yet", (c, texts)
                => c with { ApiServers = [.. texts] }).Alias("--master"),
        Own("--instance", "NAME", $"Which instance on this machine (default: ${InstanceEnvironment.InstanceVariable}, else default). Each "
            + $"has its own pins, sockets and cgroup root", (c, text) => c with { Instance = text }),
        Own("--run-dir", "DIR", $"Where the control socket is (default: ${InstanceEnvironment.RunDirectoryVariable}, else "
            + $"{InstanceOptions.DefaultRunDirectory})", (c, text) => c with { RunDir = text }),
        Own("--bpffs", "DIR", "Mount point of the BPF file system that holds the pins (default: where it is mounted, else /sys/fs/bpf)",
            (c, text) => c with { BpfFs = text }),
        OwnSwitch("--allow-private-bpffs", "Be ready also where that file system ends with the agent's mount namespace, and the balancing "
            + "with it (default: false)",
            (c, on) => c with { AllowPrivateBpfFs = on }),
        Own("--owner-wait", "TIME", "How long to wait at the start for another agent that owns the instance, such as one that is being "
            + "replaced (default: 0, fail at once)",
            (c, text) => c with { OwnerWait = Time(text) }),
        Own("--cgroup-root", "DIR", "cgroup v2 directory whose processes are served (default: the root of the cgroup2 mount)", (c, text)
            => c with { CgroupRoot = text }),
        Own("--service-metrics", "N", "Give this many service ports counters of their own in the metrics, and sum up those beyond "
            + "(default: 0, none)",
            (c, text) => c with { ServiceMetrics = Int(text) }),
        Own("--min-sync-period", "TIME", "At least this long between two updates of the kernel, such as 500ms (default: 0, at once; what "
            + "arrives during an update is merged)",
            (c, text) => c with { MinSyncPeriod = Time(text) }),
        Own("--sync-period", "TIME", "Longest wait before a failed update is tried again, and how often the hooks are checked (default: "
            + "30s)",
            (c, text) => c with { SyncPeriod = Time(text) }),
        Own("--verify-period", "TIME", "How often the maps are compared with what they should hold, and repaired (default: 5m; 0: only by "
            + "`ebpflb verify`)",
            (c, text) => c with { VerifyPeriod = Time(text) }),
        Own("--log-format", "text|json", "One line a message, for people or as JSON objects (default: text)", (c, text)
            => c with { LogFormat = text }),
    ];

    private static IEnumerable<ConfigOption> Sizes()
        => SizeRow.All.Select(row
            => Own(row.Size.Option(), "N", row.Help, (c, text) => c with { Sizes = c.Sizes.With(row.Size, Int(text)) }));
}
