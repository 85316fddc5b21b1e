using System.Diagnostics;

namespace EbpfLb.Testing.Processes;

/// <summary>Waits for conditions instead of times. The limit only decides when a failing test gives up.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Twenty seconds were not always enough where a machine does other things, too.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Asks until the answer satisfies; fails with the last answer in the message.</summary>
    /// <exception cref="TimeoutException">No answer satisfied within <paramref name="limit"/> (60 s unless given).</exception>
    public static T Get<T>(Func<T> ask, Func<T, bool> satisfies, string what, TimeSpan? limit = null)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var answer = ask();
            if (satisfies(answer))
                return answer;
            if (watch.Elapsed > (limit ?? Limit))
                throw new TimeoutException($"waited {watch.Elapsed.TotalSeconds:F1} s for: {what}. The last answer was: {answer}");
            Thread.Sleep(Pause);
        }
    }

    /// <summary>Asks until the answer is true; <paramref name="what"/> is asked when it never was.</summary>
    /// <exception cref="TimeoutException">It never was within 60 s.</exception>
    public static void True(Func<bool> ask, Func<string> what)
    {
        try
        {
            True(ask, "a condition");
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"waited for: {what()}", exception);
        }
    }

    /// <summary>Asks until the answer is true.</summary>
    /// <exception cref="TimeoutException">It never was within <paramref name="limit"/>.</exception>
    public static void True(Func<bool> ask, string what, TimeSpan? limit = null) => Get(ask, static yes => yes, what, limit);
}
