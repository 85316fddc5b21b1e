namespace EbpfLb.Kubernetes.Reflector;

/// <summary>
/// Waiting times between tries of a server that many ask: doubling up to a limit, each drawn from half to one and a half of its value, so
/// that the agents of a large cluster do not come back at once. Not thread-safe.
/// </summary>
internal sealed class ServerBackOff(TimeSpan first, TimeSpan limit, Random random)
{
    /// <summary>More would overflow long after any limit.</summary>
    private const int DoublingsAtMost = 20;

    /// <summary>
    /// A server that asks for more is asked again all the same; timers end at 49 days, and nobody waits so long for Services.
    /// </summary>
    private static readonly TimeSpan LongestAsked = TimeSpan.FromMinutes(5);

    private int failures;

    /// <summary>The next waiting time, at least what the server asked for, up to five minutes.</summary>
    public TimeSpan Next(TimeSpan? retryAfter = null)
    {
        var whole = failures < DoublingsAtMost ? first * (1L << failures++) : limit;
        var wait = (whole < limit ? whole : limit) * (0.5 + random.NextDouble());
        // What the server asked for is spread too, but never shortened.
        if (retryAfter > LongestAsked) retryAfter = LongestAsked;
        return retryAfter is { } asked && asked > wait ? asked + (first * random.NextDouble()) : wait;
    }

    /// <summary>A request succeeded: the next failure starts with the shortest time.</summary>
    public void Reset() => failures = 0;
}
