namespace EbpfLb.Configuration.KubeProxy;

/// <summary>`iptables`.</summary>
public sealed record IptablesSection
{
    public int MasqueradeBit { get; init; } = 14;

    public bool MasqueradeAll { get; init; }

    public bool LocalhostNodePorts { get; init; } = true;

    public TimeSpan SyncPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>kube-proxy has 1 s.</summary>
    public TimeSpan MinSyncPeriod { get; init; }
}
