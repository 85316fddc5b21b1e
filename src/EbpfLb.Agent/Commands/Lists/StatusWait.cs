using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration.Values;
using EbpfLb.Timing;

namespace EbpfLb.Agent.Commands.Lists;

/// <summary>`ebpflb status --wait`: looks until the agent is ready, as `kubectl wait` does.</summary>
internal sealed class StatusWait(CommandContext context)
{
    /// <summary>As of `kubectl wait`.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>An agent that does not answer is not ready.</summary>
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(5);

    /// <param name="limit">Zero: one look.</param>
    /// <param name="answer">Writes a status, and says how the command ends.</param>
    public async Task<int> RunAsync(
        InstanceOptions instance, TimeSpan limit, Func<StatusReport, int> answer, CancellationToken cancellationToken)
    {
        var begin = context.Time.GetTimestamp();
        while (true)
        {
            var (report, missing) = await LookAsync(instance, cancellationToken);
            if (report is { Ready: true }) return answer(report);
            // Who may not look at all need not wait.
            if (report is null && !context.IsRoot)
                return await context.AskAsync(instance, async view => answer(await view.StatusAsync(cancellationToken)), cancellationToken);
            var left = limit - context.Time.GetElapsedTime(begin);
            if (left <= TimeSpan.Zero)
            {
                if (report is not null) answer(report);
                await context.Terminal.Error.WriteLineAsync($"not ready after {DurationText.Format(limit)}: {string.Join("; ", missing)}");
                return ExitCode.NotReady;
            }
            await context.Time.DelayAsync(left < Pause ? left : Pause, cancellationToken);
        }
    }

    /// <summary>Nothing that a start may bring in order is an error.</summary>
    private async Task<(StatusReport? Report, IReadOnlyList<string> Missing)> LookAsync(
        InstanceOptions instance, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(LongestLook, context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var view = await context.FindAsync(instance, either.Token);
            using var connection = view as IDisposable;
            if (view is null) return (null, [context.Explain(instance)]);
            var report = await view.StatusAsync(either.Token);
            return (report, report.NotReady);
        }
        catch (Exception e) when (CommandContext.IsUnreadable(e))
        {
            return (null, [$"cannot read instance '{instance.Name}': {e.Message}"]);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, [$"the agent of instance '{instance.Name}' does not answer within {DurationText.Format(LongestLook)}"]);
        }
    }
}
