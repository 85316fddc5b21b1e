using EbpfLb.Configuration.Own;
using System.Net;
using EbpfLb.Agent.Logging;
using EbpfLb.Configuration;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Agent.Options;

/// <summary>What `ebpflb run` was asked to do, checked.</summary>
internal sealed record RunOptions
{
    /// <summary>What all of this was read from: file and command line together, with the defaults.</summary>
    public LoadedConfig Config { get; init; } = LoadedConfig.Default;

    /// <summary>The file, to be watched; null: none.</summary>
    public string? ConfigPath { get; init; }

    /// <summary>Set the OOM score of the configuration.</summary>
    public bool SetsOomScore { get; init; }

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
    public string? EmbeddedKubeconfig => Config.EmbeddedKubeconfig;

    /// <summary>Tried in order; empty: what the kubeconfig or the cluster says.</summary>
    public IReadOnlyList<Uri> ApiServers { get; init; } = [];

    /// <summary>null: off.</summary>
    public IPEndPoint? HealthzAddress { get; init; }

    /// <summary>null: off.</summary>
    public IPEndPoint? MetricsAddress { get; init; }

    /// <summary>Service ports with counters of their own in the metrics; 0: none.</summary>
    public int ServiceMetrics { get; init; }

    /// <summary>The agent ends when one of these cannot be bound (kube-proxy's bindAddressHardFail); else it tries again.</summary>
    public bool BindAddressHardFail { get; init; }

    /// <summary>PUT /debug/flags/v at the metrics server changes the verbosity (kube-proxy's enableProfiling).</summary>
    public bool EnableProfiling { get; init; }

    /// <summary>What was given on the command line, "name=value" each, for /flagz.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    public TimeSpan MinSyncPeriod { get; init; }

    public TimeSpan SyncPeriod { get; init; } = TimeSpan.FromSeconds(30);

    public VerifyOptions Verify { get; init; } = VerifyOptions.Default;

    public LogFormat LogFormat { get; init; }

    public int Verbosity { get; init; }

    public SizesSection Sizes { get; init; } = new();

    public FlowOptions Flows { get; init; } = FlowOptions.Default;

    /// <summary>End TCP connections too when the endpoint that they lead to is removed.</summary>
    public bool EndTcp { get; init; }

    public NodeOptions Node { get; init; } = NodeOptions.Default;

    public TcAttachMode TcAttach { get; init; }

    /// <summary>null: as the kernel limits its own.</summary>
    public AnswerLimit? Answers { get; init; }

    /// <summary>Switch forwarding on.</summary>
    public bool SetSysctls { get; init; }

    /// <summary>
    /// These options after the file has changed. Which fields count is for <see cref="LoadedConfig.WithHot"/> to say, and for nothing else.
    /// </summary>
    /// <param name="inForce">As the agent was started, with the hot fields of the file.</param>
    public RunOptions WithLive(LoadedConfig inForce)
        => ConfiguredOptions.Of(inForce) with { ConfigPath = ConfigPath, SetsOomScore = SetsOomScore, Flags = Flags, NodeName = NodeName };
}

/// <summary>Where one instance of the agent lives.</summary>
/// <param name="CgroupRoot">null: the root of the cgroup2 mount.</param>
/// <param name="BpfFs">null: where it is mounted.</param>
/// <param name="RunDirectory">Holds the control socket and the lock.</param>
internal sealed record InstanceOptions(string Name, string? CgroupRoot, string? BpfFs, string RunDirectory)
{
    public const string DefaultRunDirectory = "/run/ebpflb";

    public string ControlSocket => Path.Combine(RunDirectory, Name + ".sock");

    public string LockFile => Path.Combine(RunDirectory, Name + ".lock");
}
