using EbpfLb.Model;

namespace EbpfLb.Configuration.KubeProxy;

/// <summary>`ipvs`.</summary>
public sealed record IpvsSection
{
    public TimeSpan SyncPeriod { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan MinSyncPeriod { get; init; }

    /// <summary>Empty: rr.</summary>
    public string Scheduler { get; init; } = "";

    public ValueList<string> ExcludeCidrs { get; init; } = [];

    public bool StrictArp { get; init; }

    public TimeSpan TcpTimeout { get; init; }

    public TimeSpan TcpFinTimeout { get; init; }

    public TimeSpan UdpTimeout { get; init; }
}
