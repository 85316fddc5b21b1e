using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>Which flows have lived long enough. Pure: everything it knows is in its arguments.</summary>
/// <param name="current">The life times, asked for at each decision: they can change.</param>
public sealed class ExpiryPolicy(Func<FlowLifetimes> current)
{
    /// <summary>From this fill on, life times shrink.</summary>
    public const double PressureFrom = 0.9;

    /// <summary>With life times that stay.</summary>
    public ExpiryPolicy(FlowLifetimes lifetimes) : this(() => lifetimes)
    {
    }

    /// <summary>From this fill on UDP flows have <see cref="UdpLeast"/>, and closing connections begin to go early.</summary>
    public const double UdpLeastFrom = 0.93;

    /// <summary>From this fill on closing connections have <see cref="NeverBefore"/>, and established ones begin to go early.</summary>
    public const double ClosingLeastFrom = 0.95;

    /// <summary>
    /// From this fill on established connections have <see cref="EstablishedLeast"/>; to a full map it goes on to
    /// <see cref="NeverBefore"/>.
    /// </summary>
    public const double EstablishedLeastFrom = 0.98;

    /// <summary>
    /// Up to this part of a map, flows after a RST live as long as established ones: whoever forged it gains nothing by it.
    /// </summary>
    public const double FewResets = 0.05;

    /// <summary>From this part on they live for <see cref="FlowLifetimes.Doubtful"/>, or they would have all source ports.</summary>
    public const double ManyResets = 0.1;

    /// <summary>A UDP flow that had a packet within this time is never given up before its configured life time.</summary>
    public static TimeSpan UdpLeast { get; } = TimeSpan.FromSeconds(10);

    /// <summary>The same of connections.</summary>
    public static TimeSpan NeverBefore { get; } = TimeSpan.FromSeconds(60);

    /// <summary>An established connection that had a packet within this time goes last of all.</summary>
    public static TimeSpan EstablishedLeast { get; } = TimeSpan.FromMinutes(10);

    /// <summary>UDP flows that may be conversations at a time: half of the flows that a map holds.</summary>
    /// <param name="entries">Capacity of the map; a flow has two.</param>
    public static int MostConversations(int entries) => Math.Max(entries / 4, 1);

    /// <summary>The configured life time.</summary>
    /// <param name="protocol">IP protocol number.</param>
    /// <param name="unacknowledged">LB_CT_UNACKED of either entry.</param>
    /// <param name="resets">Flows after a RST, of all that the map holds: 0 to 1.</param>
    public TimeSpan LifetimeOf(byte protocol, LbCtPhase phase, bool unacknowledged = false, double resets = 0)
    {
        var lifetimes = current();
        return (TransportProtocol)protocol switch
        {
            TransportProtocol.Udp => OfUdp(lifetimes, phase),
            TransportProtocol.Sctp => OfSctp(lifetimes, phase),
            _ => OfTcp(lifetimes, phase, unacknowledged, resets),
        };
    }

    private static TimeSpan OfUdp(FlowLifetimes lifetimes, LbCtPhase phase) => phase switch
    {
        LbCtPhase.Open or LbCtPhase.Closing => lifetimes.UdpStream,
        LbCtPhase.Closed => lifetimes.Closed,
        _ => lifetimes.Udp,
    };

    private static TimeSpan OfSctp(FlowLifetimes lifetimes, LbCtPhase phase) => phase switch
    {
        LbCtPhase.Open or LbCtPhase.Closing or LbCtPhase.Reset => lifetimes.SctpEstablished,
        LbCtPhase.Closed => lifetimes.SctpClosed,
        _ => lifetimes.SctpHalfOpen,
    };

    private static TimeSpan OfTcp(FlowLifetimes lifetimes, LbCtPhase phase, bool unacknowledged, double resets) => phase switch
    {
        LbCtPhase.Open => unacknowledged ? Shorter(lifetimes.Doubtful, lifetimes.Established) : lifetimes.Established,
        LbCtPhase.Closing => unacknowledged ? Shorter(lifetimes.Doubtful, lifetimes.Closing) : lifetimes.Closing,
        // The RST may be a forgery, and the connection one that is silent for long.
        LbCtPhase.Reset => Shrunk(lifetimes.Established, lifetimes.Doubtful, resets, FewResets, ManyResets),
        LbCtPhase.Closed => lifetimes.Closed,
        _ => lifetimes.HalfOpen,
    };

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>
    /// What is left of a life time in a map that full. Flows are given up in an order: whoever can send packets can fill the map with
    /// datagrams, and nothing but a handshake shows that a client is there. Each span begins where the one before it is at its least,
    /// and within it the life time goes down geometrically.
    /// </summary>
    /// <param name="protocol">IP protocol number.</param>
    /// <param name="conversations">How much of its share UDP has, 0 to 1: its own make room for each other.</param>
    public static TimeSpan Under(byte protocol, LbCtPhase phase, TimeSpan lifetime, double fill, double conversations = 0)
    {
        if (protocol == (byte)TransportProtocol.Udp)
        {
            var left = Shrunk(lifetime, UdpLeast, fill, PressureFrom, UdpLeastFrom);
            return phase == LbCtPhase.Open ? Shorter(left, Shrunk(lifetime, UdpLeast, conversations, PressureFrom, 1)) : left;
        }
        if (phase != LbCtPhase.Open) return Shrunk(lifetime, NeverBefore, fill, UdpLeastFrom, ClosingLeastFrom);
        var before = Shrunk(lifetime, EstablishedLeast, fill, ClosingLeastFrom, EstablishedLeastFrom);
        return Shrunk(before, NeverBefore, fill, EstablishedLeastFrom, 1);
    }

    private static TimeSpan Shrunk(TimeSpan lifetime, TimeSpan least, double fill, double from, double to)
    {
        var pressure = Math.Clamp((fill - from) / (to - from), 0, 1);
        return pressure == 0 || lifetime <= least ? lifetime : lifetime * Math.Pow(least / lifetime, pressure);
    }

    /// <summary>The decisions in a map that full.</summary>
    /// <param name="fill">0 to 1.</param>
    /// <param name="conversations">As of <see cref="Under"/>.</param>
    /// <param name="resets">As of <see cref="LifetimeOf"/>.</param>
    public ExpiryTable At(double fill, double conversations = 0, double resets = 0) => new(this, fill, conversations, resets);
}
