using EbpfLb.Model;

namespace EbpfLb.Configuration.Own;

/// <summary>EbpfLbConfiguration ebpflb.io/v1alpha1: what kube-proxy has no setting for, with the defaults.</summary>
public sealed record EbpfLbConfiguration
{
    public const string Group = "ebpflb.io";

    public const string ApiVersion = Group + "/v1alpha1";

    public const string Kind = "EbpfLbConfiguration";

    public string Instance { get; init; } = "default";

    public string RunDir { get; init; } = "/run/ebpflb";

    /// <summary>Empty: where it is mounted.</summary>
    public string BpfFs { get; init; } = "";

    /// <summary>Be ready also where that file system ends with the mount namespace of the agent.</summary>
    public bool AllowPrivateBpfFs { get; init; }

    /// <summary>How long to wait at the start for another agent that owns the instance.</summary>
    public TimeSpan OwnerWait { get; init; }

    /// <summary>Empty: the root of the cgroup2 mount.</summary>
    public string CgroupRoot { get; init; } = "";

    /// <summary>Empty: an API server is the source.</summary>
    public string Manifests { get; init; } = "";

    public ValueList<string> ApiServers { get; init; } = [];

    public bool ServeHealthz { get; init; } = true;

    public bool ServeMetrics { get; init; } = true;

    /// <summary>Service ports with counters of their own in the metrics; 0: none.</summary>
    public int ServiceMetrics { get; init; }

    /// <summary>Backends with counters of their own in the metrics; 0: none.</summary>
    public int BackendMetrics { get; init; }

    /// <summary>Count packets and bytes of service ports and backends.</summary>
    public bool TrafficCounts { get; init; }

    /// <summary>"off", "summary" or "full".</summary>
    public string StatusPage { get; init; } = "summary";

    /// <summary>Host names under which it is shown, beside those of the node.</summary>
    public ValueList<string> StatusPageHosts { get; init; } = [];

    /// <summary>null: that of the section of kube-proxy's mode.</summary>
    public TimeSpan? SyncPeriod { get; init; }

    /// <summary>null: that of the section of kube-proxy's mode.</summary>
    public TimeSpan? MinSyncPeriod { get; init; }

    /// <summary>How often the maps are compared with what they should hold; 0: only on demand.</summary>
    public TimeSpan VerifyPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>"text", "json"; empty: `logging.format`.</summary>
    public string LogFormat { get; init; } = "";

    public SizesSection Sizes { get; init; } = new();

    public DevicesSection Devices { get; init; } = new();

    public FlowsSection Flows { get; init; } = new();

    /// <summary>Empty: below the NodePorts, or above them where those begin early.</summary>
    public string SnatPorts { get; init; } = "";

    /// <summary>See <see cref="Values.AnswerLimitText"/>; empty: as the kernel limits its own.</summary>
    public string AnswerLimit { get; init; } = "";

    public string NodePortRange { get; init; } = "30000-32767";

    public bool AlwaysSnat { get; init; }

    public bool HostSocketsOnly { get; init; }

    /// <summary>"reject" or "ignore".</summary>
    public string UnknownPorts { get; init; } = "reject";

    /// <summary>Empty: that of a kube-proxy file with mode ipvs, else random.</summary>
    public string Scheduler { get; init; } = "";

    public int MaglevTableSize { get; init; } = Model.MaglevTableSize.Default;

    /// <summary>"snat", "dsr" or "hybrid".</summary>
    public string Forwarding { get; init; } = "snat";

    /// <summary>"none", "ipip" or "geneve".</summary>
    public string Tunnel { get; init; } = "none";

    /// <summary>UDP port of Geneve.</summary>
    public int TunnelPort { get; init; } = 6081;

    /// <summary>Bytes; 0: as the backends announce it.</summary>
    public int TunnelMss { get; init; }

    public bool ProtectNodePorts { get; init; }

    public bool DropEvents { get; init; } = true;

    public bool SetSysctls { get; init; }

    public bool EndTcpOfRemovedEndpoints { get; init; }
}
