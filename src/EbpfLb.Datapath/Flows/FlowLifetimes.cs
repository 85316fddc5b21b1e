namespace EbpfLb.Datapath.Flows;

/// <summary>How long a flow lives after its last packet. Those that kube-proxy has options for have its defaults, the others those of nf_conntrack.</summary>
public sealed record FlowLifetimes
{
    /// <summary>TCP and SCTP before the handshake is complete.</summary>
    public TimeSpan HalfOpen { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>TCP and SCTP, open (--conntrack-tcp-timeout-established).</summary>
    public TimeSpan Established { get; init; } = TimeSpan.FromHours(24);

    /// <summary>TCP and SCTP after the first FIN (--conntrack-tcp-timeout-close-wait).</summary>
    public TimeSpan Closing { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// After both FINs or a RST: late packets find their way. Longer than TIME_WAIT (60 s), in which a backend would refuse
    /// another client behind the same source port.
    /// </summary>
    public TimeSpan Closed { get; init; } = TimeSpan.FromSeconds(65);

    /// <summary>UDP without an answer (--conntrack-udp-timeout).</summary>
    public TimeSpan Udp { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>UDP both ways (--conntrack-udp-timeout-stream).</summary>
    public TimeSpan UdpStream { get; init; } = TimeSpan.FromSeconds(120);
}
