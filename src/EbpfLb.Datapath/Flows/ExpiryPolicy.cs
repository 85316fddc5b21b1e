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

    /// <summary>A flow that had a packet within this time is never given up before its configured life time.</summary>
    public static TimeSpan NeverBefore { get; } = TimeSpan.FromSeconds(60);

    /// <summary>The configured life time.</summary>
    /// <param name="protocol">IP protocol number.</param>
    /// <param name="unacknowledged">LB_CT_UNACKED of either entry.</param>
    public TimeSpan LifetimeOf(byte protocol, LbCtPhase phase, bool unacknowledged = false)
    {
        var lifetimes = current();
        return (TransportProtocol)protocol switch
        {
            TransportProtocol.Udp => OfUdp(lifetimes, phase),
            TransportProtocol.Sctp => OfSctp(lifetimes, phase),
            _ => OfTcp(lifetimes, phase, unacknowledged),
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

    private static TimeSpan OfTcp(FlowLifetimes lifetimes, LbCtPhase phase, bool unacknowledged) => phase switch
    {
        LbCtPhase.Open => unacknowledged ? Shorter(lifetimes.Doubtful, lifetimes.Established) : lifetimes.Established,
        LbCtPhase.Closing => unacknowledged ? Shorter(lifetimes.Doubtful, lifetimes.Closing) : lifetimes.Closing,
        LbCtPhase.Reset => Shorter(lifetimes.Doubtful, lifetimes.Established),
        LbCtPhase.Closed => lifetimes.Closed,
        _ => lifetimes.HalfOpen,
    };

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>
    /// What is left of a life time in a map that full: all of it up to 90 %, then less and less, until at 100 % everything goes that
    /// was idle for a minute. Halfway it is the geometric mean: of 24 hours 38 minutes, of one hour 8.
    /// </summary>
    public static TimeSpan Under(TimeSpan lifetime, double fill)
    {
        var pressure = Math.Clamp((fill - PressureFrom) / (1 - PressureFrom), 0, 1);
        return pressure == 0 || lifetime <= NeverBefore ? lifetime : lifetime * Math.Pow(NeverBefore / lifetime, pressure);
    }

    /// <summary>The decisions in a map that full.</summary>
    /// <param name="fill">0 to 1.</param>
    public ExpiryTable At(double fill) => new(this, fill);
}
