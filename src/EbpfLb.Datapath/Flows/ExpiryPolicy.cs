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
    public TimeSpan LifetimeOf(byte protocol, LbCtPhase phase)
    {
        var lifetimes = current();
        if (phase == LbCtPhase.Closed) return lifetimes.Closed;
        if (protocol == (byte)TransportProtocol.Udp)
            return phase is LbCtPhase.Open or LbCtPhase.Closing ? lifetimes.UdpStream : lifetimes.Udp;
        return phase switch
        {
            LbCtPhase.Open => lifetimes.Established,
            LbCtPhase.Closing => lifetimes.Closing,
            _ => lifetimes.HalfOpen,
        };
    }

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
