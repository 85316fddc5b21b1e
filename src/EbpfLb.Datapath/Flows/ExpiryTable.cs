using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>How an entry fares.</summary>
public enum Expiry
{
    Alive,

    /// <summary>Not yet at the end of its life time; given up because the map is nearly full.</summary>
    Early,

    /// <summary>At the end of its life time.</summary>
    Due,
}

/// <summary>
/// The life times of <see cref="ExpiryPolicy"/> at one fill of the map and of the share of UDP, in ticks, so that a sweep does no
/// arithmetic on times.
/// </summary>
public sealed class ExpiryTable
{
    private const int Phases = (int)LbCtPhase.Reset + 1;

    /// <summary>Rows of the tables. Other protocols are taken for TCP.</summary>
    private enum Row
    {
        Tcp,
        TcpUnacknowledged,
        Udp,
        Sctp,
    }

    private static readonly int Rows = Enum.GetValues<Row>().Length;
    private readonly uint[] configured = new uint[Rows * Phases];
    private readonly uint[] effective = new uint[Rows * Phases];

    internal ExpiryTable(ExpiryPolicy policy, double fill, double conversations, double resets)
    {
        for (var index = 0; index < configured.Length; index++)
        {
            var row = (Row)(index / Phases);
            var protocol = row switch { Row.Udp => TransportProtocol.Udp, Row.Sctp => TransportProtocol.Sctp, _ => TransportProtocol.Tcp };
            var phase = (LbCtPhase)(index % Phases);
            var lifetime = policy.LifetimeOf((byte)protocol, phase, row == Row.TcpUnacknowledged, resets);
            configured[index] = Ticks(lifetime);
            effective[index] = Ticks(ExpiryPolicy.Under((byte)protocol, phase, lifetime, fill, conversations));
        }
    }

    /// <summary>Judges an entry by its own last packet; the flow is the caller's business.</summary>
    /// <param name="protocol">IP protocol number.</param>
    /// <param name="now">The tick of this moment.</param>
    public Expiry Judge(byte protocol, in LbCtState state, uint now) => Judge(protocol, state, (LbCtFlag)state.Flags, now);

    /// <summary>The same, of the second entry of a flow: what the first says of both counts for it too.</summary>
    public Expiry Judge(in FlowEntry entry, in FlowEntry other, uint now)
        => Judge(entry.Key.Protocol, entry.State, entry.Flags | other.Flags, now);

    private Expiry Judge(byte protocol, in LbCtState state, LbCtFlag flags, uint now)
    {
        // A phase that is none (a program newer than this agent) is taken for a half-open one.
        var phase = state.Phase < Phases ? state.Phase : (byte)0;
        var index = phase + ((int)RowOf(protocol, flags) * Phases);
        var idle = FlowClock.Idle(state.Tick, now);
        // More, not as much: the last packet may have come at the end of its tick.
        if (idle > configured[index]) return Expiry.Due;
        return idle > effective[index] ? Expiry.Early : Expiry.Alive;
    }

    private static Row RowOf(byte protocol, LbCtFlag flags) => (TransportProtocol)protocol switch
    {
        TransportProtocol.Udp => Row.Udp,
        TransportProtocol.Sctp => Row.Sctp,
        _ => flags.HasFlag(LbCtFlag.Unacked) ? Row.TcpUnacknowledged : Row.Tcp,
    };

    private static uint Ticks(TimeSpan lifetime) => (uint)Math.Min(Math.Ceiling(lifetime / FlowClock.Tick), int.MaxValue);
}
