using EbpfLb.Model;

namespace EbpfLb.Agent.Kernel;

/// <summary>
/// What of the kernel side is not as it was put there, for those who show it: one look, some 200 system calls, serves all metrics of a
/// scrape. Who repairs, and who asks whether the agent is ready, looks by himself. Thread-safe.
/// </summary>
/// <param name="find">The look; what it throws is thrown to each who asks.</param>
internal sealed class RecentFaults(Func<IReadOnlyList<Difference>> find, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    private readonly Lock sync = new();
    private (long At, IReadOnlyList<Difference> Faults)? last;

    public IReadOnlyList<Difference> Find()
    {
        lock (sync)
        {
            if (last is not { } known || time.GetElapsedTime(known.At) >= Fresh) last = known = (time.GetTimestamp(), find());
            return known.Faults;
        }
    }
}
