namespace EbpfLb.Configuration.Own;

/// <summary>
/// `flows`: how long flows live without a packet, and what watching them may cost. null: kube-proxy's `conntrack`, or the default.
/// </summary>
public sealed record FlowsSection
{
    public TimeSpan? TcpHalfOpen { get; init; }

    /// <summary>null: `conntrack.tcpEstablishedTimeout`.</summary>
    public TimeSpan? TcpEstablished { get; init; }

    /// <summary>null: `conntrack.tcpCloseWaitTimeout`.</summary>
    public TimeSpan? TcpClosing { get; init; }

    public TimeSpan? TcpClosed { get; init; }

    /// <summary>null: `conntrack.udpTimeout`.</summary>
    public TimeSpan? Udp { get; init; }

    /// <summary>null: `conntrack.udpStreamTimeout`.</summary>
    public TimeSpan? UdpStream { get; init; }

    /// <summary>Of one core.</summary>
    public double SweepCpuPercent { get; init; } = 5;
}
