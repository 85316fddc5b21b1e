using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.History;

/// <summary>Keeps the history in its file: a while after a change, and when the agent ends. A file that is damaged is replaced.</summary>
internal sealed class HistoryService : SupervisedService
{
    /// <summary>A change is in the file after this time at the latest.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly WakeablePeriod change;
    private readonly HistoryRing ring;
    private readonly HistoryFile file;
    private readonly string? notRead;
    private (long Version, bool IsWhole)? written;
    private string? notWritten;

    public HistoryService(HistoryRing ring, HistoryFile file, TimeProvider time, ILogger logger)
        : base("history", time, logger)
    {
        (this.ring, this.file, change) = (ring, file, new WakeablePeriod(time));
        try
        {
            var saved = file.Read();
            ring.Restore(saved.Plans, saved.Dropped, saved.IsWhole);
            // From here on it is not: should this agent be killed, the next one must know.
            if (saved.IsWhole) Write(isLast: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            notRead = $"what the agent before programmed cannot be read from {file.Path}: {e.Message}; this history begins with this agent";
            Log.HistoryNotRead(logger, file.Path, e.Message);
        }
    }

    /// <summary>
    /// What is wrong with the file; null: nothing. That it could not be read stays, as what was in it is missing; that it could not be
    /// written is over with the next time that it could.
    /// </summary>
    public string? Problem => notWritten ?? notRead;

    /// <summary>A plan was recorded.</summary>
    public void Wake() => change.Wake();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Write(isLast: true);
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await change.WaitAsync(Timeout.InfiniteTimeSpan, stoppingToken);
            await Time.DelayAsync(Period, stoppingToken);
            Write(isLast: false);
        }
    }

    /// <param name="isLast">No plan of this agent comes after it.</param>
    private void Write(bool isLast)
    {
        var (plans, dropped, version) = ring.Read();
        // Where plans are missing the first one of this agent says so, if there was one.
        var isWhole = isLast && (version > 0 || !ring.PlansMissing);
        if (plans.Count == 0 || (version, isWhole) == written) return;
        try
        {
            file.Write(new SavedHistory(plans, dropped) { IsWhole = isWhole });
            written = (version, isWhole);
            notWritten = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var problem = $"the history cannot be kept for the next agent in {file.Path}: {e.Message}";
            if (problem != notWritten) Log.HistoryNotWritten(Logger, file.Path, e.Message);
            notWritten = problem;
        }
    }
}
