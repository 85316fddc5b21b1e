namespace EbpfLb.Datapath.Flows;

/// <summary>
/// How long a flow lives after its last packet. Those that kube-proxy has options for have its defaults, the others those of nf_conntrack.
/// </summary>
public sealed record FlowLifetimes
{
    /// <summary>TCP before the handshake is complete.</summary>
    public TimeSpan HalfOpen { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>TCP, open (--conntrack-tcp-timeout-established).</summary>
    public TimeSpan Established { get; init; } = TimeSpan.FromHours(24);

    /// <summary>TCP after the first FIN (--conntrack-tcp-timeout-close-wait).</summary>
    public TimeSpan Closing { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// After both FINs or a RST: late packets find their way. Longer than TIME_WAIT (60 s), in which a backend would refuse
    /// another client behind the same source port.
    /// </summary>
    public TimeSpan Closed { get; init; } = TimeSpan.FromSeconds(65);

    /// <summary>
    /// TCP that may be over: its last data are not acknowledged, or a RST came that may be a forgery. At most as long as if it were not.
    /// </summary>
    public TimeSpan Doubtful { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>SCTP before the association is there.</summary>
    public TimeSpan SctpHalfOpen { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// SCTP, open: associations have heartbeats. Also after a SHUTDOWN of one side, where nf_conntrack has 3 s, and after an ABORT,
    /// where it has 10 s: it looks at their tags, we do not.
    /// </summary>
    public TimeSpan SctpEstablished { get; init; } = TimeSpan.FromSeconds(210);

    /// <summary>SCTP after a SHUTDOWN and its answer.</summary>
    public TimeSpan SctpClosed { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>UDP without an answer (--conntrack-udp-timeout).</summary>
    public TimeSpan Udp { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>UDP both ways (--conntrack-udp-timeout-stream).</summary>
    public TimeSpan UdpStream { get; init; } = TimeSpan.FromSeconds(120);
}
