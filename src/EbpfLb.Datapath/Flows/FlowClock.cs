using EbpfLb.Abi;

namespace EbpfLb.Datapath.Flows;

/// <summary>
/// The clock of conntrack entries: ticks of CLOCK_MONOTONIC, 1.07 s each, which is what TimeProvider.System counts on Linux.
/// </summary>
public sealed class FlowClock(TimeProvider time)
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const int TickShift = (int)LbCtClock.TickShift;

    /// <summary>Length of a tick.</summary>
    public static TimeSpan Tick { get; } = TimeSpan.FromTicks((1L << TickShift) / TimeSpan.NanosecondsPerTick);

    /// <summary>The tick of this moment.</summary>
    public uint Now => (uint)(ulong)(Nanoseconds >> TickShift);

    /// <summary>Wall clock time of a moment of CLOCK_MONOTONIC.</summary>
    public DateTimeOffset TimeOf(ulong nanoseconds)
        => time.GetUtcNow() - TimeSpan.FromTicks((long)((Int128)Nanoseconds - nanoseconds) / TimeSpan.NanosecondsPerTick);

    /// <summary>Whole ticks between two; 0 when the entry is newer than the moment, as programs go on while we look.</summary>
    public static uint Idle(uint tick, uint now) => (uint)Math.Max((int)(now - tick), 0);

    /// <summary>How long a flow has been idle, for people.</summary>
    public static TimeSpan IdleTime(uint tick, uint now) => Idle(tick, now) * Tick;

    private UInt128 Nanoseconds => (UInt128)(ulong)time.GetTimestamp() * NanosecondsPerSecond / (ulong)time.TimestampFrequency;
}
