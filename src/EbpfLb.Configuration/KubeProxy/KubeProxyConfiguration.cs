using EbpfLb.Model;

namespace EbpfLb.Configuration.KubeProxy;

/// <summary>
/// KubeProxyConfiguration kubeproxy.config.k8s.io/v1alpha1 with its defaults (docs/contract.md 16). Values are as written there and
/// checked by the rows of <see cref="KubeProxyFields"/>.
/// </summary>
public sealed record KubeProxyConfiguration
{
    public const string Group = "kubeproxy.config.k8s.io";

    public const string ApiVersion = Group + "/v1alpha1";

    public const string Kind = "KubeProxyConfiguration";

    /// <summary>ipvs.scheduler when it is empty.</summary>
    public const string DefaultScheduler = "rr";

    public ValueList<FeatureGate> FeatureGates { get; init; } = [];

    public ClientConnectionSection ClientConnection { get; init; } = new();

    public LoggingSection Logging { get; init; } = new();

    /// <summary>Empty: the host's name.</summary>
    public string HostnameOverride { get; init; } = "";

    public string BindAddress { get; init; } = "0.0.0.0";

    /// <summary>Empty: not served, which only a flag can say.</summary>
    public string HealthzBindAddress { get; init; } = "0.0.0.0:10256";

    /// <summary>Empty: not served, which only a flag can say.</summary>
    public string MetricsBindAddress { get; init; } = "127.0.0.1:10249";

    public bool BindAddressHardFail { get; init; }

    public bool EnableProfiling { get; init; }

    public string ShowHiddenMetricsForVersion { get; init; } = "";

    /// <summary>Empty: iptables.</summary>
    public string Mode { get; init; } = "";

    public IptablesSection Iptables { get; init; } = new();

    public IpvsSection Ipvs { get; init; } = new();

    public NftablesSection Nftables { get; init; } = new();

    public WinkernelSection Winkernel { get; init; } = new();

    /// <summary>Empty: ClusterCIDR.</summary>
    public string DetectLocalMode { get; init; } = "";

    public DetectLocalSection DetectLocal { get; init; } = new();

    /// <summary>One range or two, separated by a comma.</summary>
    public string ClusterCidr { get; init; } = "";

    /// <summary>Ranges and words; null and empty are the same: unset.</summary>
    public ValueList<string> NodePortAddresses { get; init; } = [];

    public int OomScoreAdj { get; init; } = -999;

    public ConntrackSection Conntrack { get; init; } = new();

    public TimeSpan ConfigSyncPeriod { get; init; } = TimeSpan.FromMinutes(15);

    public string PortRange { get; init; } = "";

    public bool WindowsRunAsService { get; init; }

    /// <summary>Of the mode that is chosen.</summary>
    public TimeSpan SyncPeriod
        => Mode switch { ProxyModes.Ipvs => Ipvs.SyncPeriod, ProxyModes.Nftables => Nftables.SyncPeriod, _ => Iptables.SyncPeriod };

    /// <summary>Of the mode that is chosen; zero when not set, where kube-proxy has 1 s.</summary>
    public TimeSpan MinSyncPeriod => Mode switch
    {
        ProxyModes.Ipvs => Ipvs.MinSyncPeriod, ProxyModes.Nftables => Nftables.MinSyncPeriod, _ => Iptables.MinSyncPeriod,
    };

    /// <summary>The name of the scheduler of mode ipvs; null with another mode, which has none.</summary>
    public string? Scheduler => Mode != ProxyModes.Ipvs ? null : Ipvs.Scheduler.Length > 0 ? Ipvs.Scheduler : DefaultScheduler;

    /// <summary>Of the mode that is chosen; kube-proxy has none for ipvs but the one of iptables.</summary>
    public bool MasqueradeAll => Mode == ProxyModes.Nftables ? Nftables.MasqueradeAll : Iptables.MasqueradeAll;
}
