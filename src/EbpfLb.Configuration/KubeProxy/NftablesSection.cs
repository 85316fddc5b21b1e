namespace EbpfLb.Configuration.KubeProxy;

/// <summary>`nftables`.</summary>
public sealed record NftablesSection
{
    public int MasqueradeBit { get; init; } = 14;

    public bool MasqueradeAll { get; init; }

    public TimeSpan SyncPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>kube-proxy has 1 s.</summary>
    public TimeSpan MinSyncPeriod { get; init; }
}
