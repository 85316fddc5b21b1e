namespace EbpfLb.Agent.Kernel;

/// <summary>What a counter of the kernel counted between two readings.</summary>
internal static class Growth
{
    /// <summary>One that came meanwhile counts from 0, and so does one whose maps were made anew.</summary>
    /// <param name="before">null: it was not there.</param>
    public static ulong Of(ulong now, ulong? before) => before is { } then && then <= now ? now - then : now;
}
