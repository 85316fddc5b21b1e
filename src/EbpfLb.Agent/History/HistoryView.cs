using EbpfLb.Agent.Control;
using EbpfLb.Model;

namespace EbpfLb.Agent.History;

/// <summary>Answers of the running agent about what it programmed.</summary>
/// <param name="problem">What is wrong with the file of the history; null: nothing.</param>
internal sealed class HistoryView(PlanHistory plans, HistoryRing ring, Func<string?> problem, TimeProvider time) : IHistoryView
{
    private readonly DateTimeOffset started = time.GetUtcNow();

    /// <inheritdoc cref="PlanHistory.LastChange"/>
    public DateTimeOffset? LastChange(ObjectName service) => plans.LastChange(service);

    public async Task<HistoryReport> ReadAsync(HistoryQuery query, CancellationToken cancellationToken)
    {
        if (query.WaitSeconds > 0)
            await ring.WaitAfterAsync(query.After, TimeSpan.FromSeconds(query.WaitSeconds), time, cancellationToken);
        var (all, dropped, _) = ring.Read();
        // The time of day on purpose: plans have theirs, also those of the agent before.
        var now = time.GetUtcNow();
        var since = query.SinceSeconds is { } seconds && seconds < (now - DateTimeOffset.UnixEpoch).TotalSeconds
            ? now - TimeSpan.FromSeconds(seconds) : DateTimeOffset.MinValue;
        var meant = all.Where(p => p.Number > query.After && (p.RepeatedAt ?? p.Time) >= since);
        return new HistoryReport(Origin.Agent, [.. query.HasService ? meant.Select(p => Of(p, query)).OfType<PlanRow>() : meant],
            all.Count > 0 ? all[^1].Number : 0)
        {
            Started = started,
            Dropped = dropped,
            Problem = problem(),
        };
    }

    /// <summary>The plan with the Services that are meant alone. One that has more than it lists may have changed them: it stays.</summary>
    private static PlanRow? Of(PlanRow plan, HistoryQuery query)
    {
        List<ServiceChange> changes = [.. plan.Changes.Where(c => query.IsOf(c.Service))];
        return changes.Count == 0 && plan.NotListed == 0 ? null : plan with { Changes = changes };
    }
}
