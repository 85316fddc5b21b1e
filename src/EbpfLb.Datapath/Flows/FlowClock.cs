using System.Globalization;
using EbpfLb.Abi;

namespace EbpfLb.Datapath.Flows;

/// <summary>
/// The clock of conntrack entries: ticks of the kernel's CLOCK_MONOTONIC, 1.07 s each, which is what TimeProvider.System counts on Linux,
/// but for the offset of a time namespace.
/// </summary>
public sealed class FlowClock(TimeProvider time)
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const int TickShift = (int)LbCtClock.TickShift;

    /// <summary>Nanoseconds that CLOCK_MONOTONIC of this process is ahead of the one that programs count by (time_namespaces(7)).</summary>
    private static readonly long Ahead = ReadOffset();

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

    private UInt128 Nanoseconds
        => (UInt128)((Int128)time.GetTimestamp() * NanosecondsPerSecond / time.TimestampFrequency - Ahead);

    /// <param name="offsets">As /proc/PID/timens_offsets has them: clock, seconds, nanoseconds.</param>
    internal static long OffsetOf(string offsets)
        => offsets.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["monotonic", _, _])
            .Select(words => long.Parse(words[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) * NanosecondsPerSecond
                + long.Parse(words[2], NumberStyles.None, CultureInfo.InvariantCulture))
            .FirstOrDefault();

    private static long ReadOffset()
    {
        const string Path = "/proc/self/timens_offsets";
        try
        {
            return OffsetOf(File.ReadAllText(Path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A kernel without time namespaces has no such file; where it is hidden, no offset is what nearly all have.
            return 0;
        }
    }
}
