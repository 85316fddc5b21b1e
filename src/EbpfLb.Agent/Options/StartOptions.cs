using System.Net;
using EbpfLb.Agent.Logging;
using EbpfLb.Configuration;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;
using EbpfLb.Configuration.Values;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;

namespace EbpfLb.Agent.Options;

/// <summary>
/// What the agent was started with: another value needs a restart. Nothing in here follows from a hot field, or a change of that would be
/// in force by half; a test of the rows looks at it. What follows from hot fields is in <see cref="LiveOptions"/>.
/// </summary>
internal sealed record StartOptions
{
    /// <summary>The file, to be watched; null: none.</summary>
    public string? ConfigPath { get; init; }

    /// <summary>What was given on the command line, "name=value" each, for /flagz.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    public required InstanceOptions Instance { get; init; }

    /// <summary>Be ready also where the BPF file system ends with this process's mount namespace.</summary>
    public bool AllowPrivateBpfFs { get; init; }

    /// <summary>How long to wait for another agent that owns the instance.</summary>
    public TimeSpan OwnerWait { get; init; }

    /// <summary>Lowercased, as Kubernetes names nodes.</summary>
    public required string NodeName { get; init; }

    /// <summary>File or directory; null: an API server is the source.</summary>
    public string? Manifests { get; init; }

    /// <summary>null: in-cluster.</summary>
    public string? KubeConfig { get; init; }

    /// <summary>In place of the file <see cref="KubeConfig"/> when that is not there: came with kubeadm's ConfigMap.</summary>
    public string? EmbeddedKubeconfig { get; init; }

    /// <summary>Tried in order; empty: what the kubeconfig or the cluster says.</summary>
    public IReadOnlyList<Uri> ApiServers { get; init; } = [];

    /// <summary>null: off.</summary>
    public IPEndPoint? HealthzAddress { get; init; }

    /// <summary>null: off.</summary>
    public IPEndPoint? MetricsAddress { get; init; }

    /// <summary>The agent ends when one of these cannot be bound (kube-proxy's bindAddressHardFail); else it tries again.</summary>
    public bool BindAddressHardFail { get; init; }

    /// <summary>PUT /debug/flags/v at the metrics server changes the verbosity (kube-proxy's enableProfiling).</summary>
    public bool EnableProfiling { get; init; }

    public VerifyOptions Verify { get; init; } = VerifyOptions.Default;

    public LogFormat LogFormat { get; init; }

    /// <summary>-1000 to 1000, for /proc/self/oom_score_adj.</summary>
    public int OomScoreAdj { get; init; }

    public SizesSection Sizes { get; init; } = new();

    /// <summary>See <see cref="EbpfLb.Planning.MapSizes.CountsTraffic"/>.</summary>
    public bool TrafficCounts { get; init; }

    /// <summary>End TCP connections too when the endpoint that they lead to is removed.</summary>
    public bool EndTcp { get; init; }

    /// <summary>See <see cref="EbpfLb.Policy.PolicyOptions.RefuseUnknownPorts"/>.</summary>
    public bool RefuseUnknownPorts { get; init; } = true;

    /// <summary>See <see cref="EbpfLb.Policy.PolicyOptions.Scheduler"/>.</summary>
    public Scheduler Scheduler { get; init; }

    /// <summary>See <see cref="EbpfLb.Policy.PolicyOptions.MaglevTableSize"/>.</summary>
    public int MaglevTableSize { get; init; }

    /// <summary>See <see cref="EbpfLb.Policy.PolicyOptions.Forwarding"/>.</summary>
    public Forwarding Forwarding { get; init; }

    public TunnelOptions Tunnel { get; init; } = TunnelOptions.None;

    public TcAttachMode TcAttach { get; init; }

    public XdpMode Xdp { get; init; }

    /// <summary>null: as the kernel limits its own.</summary>
    public AnswerLimit? Answers { get; init; }

    /// <param name="config">Checked: what is wrong in it is a fault of the caller.</param>
    public static StartOptions Of(LoadedConfig config)
    {
        var (proxy, own) = (config.KubeProxy, config.EbpfLb);
        return new StartOptions
        {
            Instance = new InstanceOptions(own.Instance, NullIfEmpty(own.CgroupRoot), NullIfEmpty(own.BpfFs), own.RunDir),
            AllowPrivateBpfFs = own.AllowPrivateBpfFs,
            OwnerWait = own.OwnerWait,
            NodeName = NodeNameOf(proxy),
            Manifests = NullIfEmpty(own.Manifests),
            KubeConfig = NullIfEmpty(proxy.ClientConnection.Kubeconfig),
            EmbeddedKubeconfig = config.EmbeddedKubeconfig,
            ApiServers = [.. own.ApiServers.Select(s => new Uri(s))],
            HealthzAddress = own.ServeHealthz ? EndpointText.Parse(proxy.HealthzBindAddress, ConfigPorts.Healthz) : null,
            MetricsAddress = own.ServeMetrics ? EndpointText.Parse(proxy.MetricsBindAddress, ConfigPorts.Metrics) : null,
            BindAddressHardFail = proxy.BindAddressHardFail,
            EnableProfiling = proxy.EnableProfiling,
            Verify = VerifyOptions.From(own.VerifyPeriod, proxy.ConfigSyncPeriod),
            LogFormat = (own.LogFormat.Length > 0 ? own.LogFormat : proxy.Logging.Format) == "json" ? LogFormat.Json : LogFormat.Text,
            OomScoreAdj = proxy.OomScoreAdj,
            Sizes = own.Sizes,
            TrafficCounts = own.TrafficCounts,
            EndTcp = own.EndTcpOfRemovedEndpoints,
            RefuseUnknownPorts = own.UnknownPorts != "ignore",
            Scheduler = SchedulerOf(own.Scheduler.Length > 0 ? own.Scheduler : proxy.Scheduler),
            MaglevTableSize = own.MaglevTableSize,
            Forwarding = Enum.Parse<Forwarding>(own.Forwarding, ignoreCase: true),
            Tunnel = new TunnelOptions(Enum.Parse<TunnelKind>(own.Tunnel, ignoreCase: true), (ushort)own.TunnelPort)
            {
                Mss = (ushort)own.TunnelMss,
            },
            TcAttach = Enum.Parse<TcAttachMode>(own.Devices.TcAttach, ignoreCase: true),
            Xdp = Enum.Parse<XdpMode>(own.Devices.Xdp, ignoreCase: true),
            Answers = own.AnswerLimit.Length == 0 ? null : AnswersOf(own.AnswerLimit),
        };
    }

    /// <summary>As kube-proxy has it: trimmed and lowercased.</summary>
    private static string NodeNameOf(KubeProxyConfiguration proxy)
        => (NullIfEmpty(proxy.HostnameOverride.Trim()) ?? Dns.GetHostName().Trim()).ToLowerInvariant();

    /// <summary>One that only IPVS has was warned of, and is kube-proxy's default.</summary>
    private static Scheduler SchedulerOf(string? name)
        => name is null ? Scheduler.Random : SchedulerNames.TryParse(name, out var known) ? known : Scheduler.RoundRobin;

    private static AnswerLimit AnswersOf(string text) => AnswerLimitText.TryParse(text, out var limit)
        ? new AnswerLimit(TimeSpan.FromMilliseconds(limit.GapMilliseconds), limit.PerSecond, limit.Burst)
        : throw new FormatException(text);

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}

/// <summary>Where one instance of the agent lives.</summary>
/// <param name="CgroupRoot">null: the root of the cgroup2 mount.</param>
/// <param name="BpfFs">null: where it is mounted.</param>
/// <param name="RunDirectory">Holds the control socket, the lock, the drains and the history.</param>
internal sealed record InstanceOptions(string Name, string? CgroupRoot, string? BpfFs, string RunDirectory)
{
    public const string DefaultRunDirectory = "/run/ebpflb";

    private const string Drains = ".drains", History = ".history";

    public string ControlSocket => Path.Combine(RunDirectory, Name + ".sock");

    public string LockFile => Path.Combine(RunDirectory, Name + ".lock");

    /// <summary>Backends that `ebpflb drain` drained, for the next agent of the instance.</summary>
    public string DrainFile => Path.Combine(RunDirectory, Name + Drains);

    /// <summary>What was programmed lately, for the next agent of the instance.</summary>
    public string HistoryFile => Path.Combine(RunDirectory, Name + History);

    /// <summary>
    /// What these two are replaced by is written beside them, under their names and this; an agent that is killed leaves it.
    /// </summary>
    public const string Unfinished = ".new";

    /// <summary>
    /// Instances that have drains or a history in the directory. By a lock or a socket alone none is known: their names could be anybody's.
    /// </summary>
    public static IReadOnlyList<string> WithState(string runDirectory) => !Directory.Exists(runDirectory) ? [] :
    [
        .. Directory.GetFiles(runDirectory).Select(NameOf).OfType<string>().Where(InstancePaths.IsValidInstance).Distinct(),
    ];

    private static string? NameOf(string file)
    {
        var name = Path.GetFileName(file);
        if (name.EndsWith(Unfinished, StringComparison.Ordinal)) name = name[..^Unfinished.Length];
        return Path.GetExtension(name) is Drains or History ? Path.GetFileNameWithoutExtension(name) : null;
    }
}
