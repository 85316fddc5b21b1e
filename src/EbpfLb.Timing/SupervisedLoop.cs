using Microsoft.Extensions.Logging;

namespace EbpfLb.Timing;

/// <summary>
/// Runs a part of the agent that must not end by itself. When it throws, the exception is logged with its stack and the part is started
/// again after 1, 2, 4 ... 60 s; after it has run well for a while the waits begin anew. Nothing that a side part does can go unnoticed, or
/// end the process, but for want of memory: then the process ends at once, for its supervisor to start it anew.
/// </summary>
/// <param name="name">Short and constant: for the log and for people.</param>
/// <param name="run">Returns when it is done for good; throws OperationCanceledException when the token is cancelled.</param>
/// <param name="failed">Told of each failure, after it was logged.</param>
public sealed class SupervisedLoop(
    string name, Func<CancellationToken, Task> run, TimeProvider time, ILogger logger, Action<string>? failed = null)
{
    /// <summary>Between two starts.</summary>
    public static TimeSpan LongestWait { get; } = TimeSpan.FromSeconds(60);

    /// <summary>A part that ran so long has recovered.</summary>
    public static TimeSpan GoodRun { get; } = TimeSpan.FromMinutes(5);

    private readonly BackOff backOff = new(LongestWait);

    /// <summary>Ends when the part says that it is done, or the token is cancelled. Never throws.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var begun = time.GetTimestamp();
            try
            {
                await run(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (OutOfMemoryException e)
            {
                // What else lacks memory by now is not known, and a stop in good order takes some. The kernel goes on with what it has.
                Environment.FailFast(
                    $"ebpflb is out of memory: part={name}; the process ends and should be restarted; raise its memory limit", e);
            }
            catch (Exception e)
            {
                if (time.GetElapsedTime(begun) >= GoodRun) backOff.Reset();
                var wait = backOff.Next();
                Log.PartRestarted(logger, e, name, wait.TotalSeconds);
                failed?.Invoke(name);
                await time.DelayAsync(wait, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
