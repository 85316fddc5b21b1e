namespace EbpfLb.Configuration.KubeProxy;

/// <summary>`conntrack`.</summary>
public sealed record ConntrackSection
{
    public int MaxPerCore { get; init; } = 32 * 1024;

    public int Min { get; init; } = 128 * 1024;

    public TimeSpan TcpEstablishedTimeout { get; init; } = TimeSpan.FromHours(24);

    public TimeSpan TcpCloseWaitTimeout { get; init; } = TimeSpan.FromHours(1);

    public bool TcpBeLiberal { get; init; }

    /// <summary>Zero: as the system has it.</summary>
    public TimeSpan UdpTimeout { get; init; }

    /// <summary>Zero: as the system has it.</summary>
    public TimeSpan UdpStreamTimeout { get; init; }
}
