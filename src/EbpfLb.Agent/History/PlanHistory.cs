using EbpfLb.Agent.Control;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.History;

/// <summary>
/// Writes down what each plan changed. Tables are persistent maps, so what differs is found at the cost of what differs, and described for
/// a few Services only: the others are counted. Called after the round, on the pipeline's thread; answers are read by any.
/// </summary>
internal sealed class PlanHistory(HistoryRing ring)
{
    /// <summary>Those beyond are counted.</summary>
    public const int MostServices = 20;

    private const int MostFailures = 10;

    private readonly Lock gate = new();
    private readonly Dictionary<ObjectName, DateTimeOffset> lastChanges = [];
    private Dictionary<ObjectName, string> failing = [];
    private string otherFailures = "";
    private CompiledState? applied;

    /// <summary>
    /// When what is programmed of a Service changed last; null: not since the agent started, and what was kept of agents before does not
    /// say, see <see cref="EarlierChanges"/>.
    /// </summary>
    public DateTimeOffset? LastChange(ObjectName service)
    {
        lock (gate) return lastChanges.TryGetValue(service, out var time) ? time : null;
    }

    public void Record(FinishedPlan plan)
    {
        var (round, before) = (plan.Round, applied);
        // Of a round that did not come to its end the next one tells: what it should have changed is changed then.
        var now = round.Applied ? plan.Compiled : null;
        if (now is not null) applied = now;
        var failed = FailuresOf(round);
        var work = new PlanDescription(before, now, failed);
        if (before is not null && now is not null)
            work.AddDifferences(now.Table.DifferencesFrom(before.Table));
        // Other tables than those that the agent before left: which Services that were is not known.
        if (before is null && now is not null && round.Operations == 0) TakeOver();
        if (now is not null)
        {
            work.AddFailures(failing);
            failing = failed;
            RecordChanges(work, round.EndedAt);
        }
        var others = round.Failures.Where(f => f.Service is not { } name || name == Canary.Name).Select(f => f.ToString()).ToList();
        var text = string.Join('\n', others.Take(MostFailures));
        var isSame = work.IsEmpty && text == otherFailures;
        otherFailures = text;
        if (isSame && before is not null && !round.Succeeded) ring.Repeat(round.EndedAt);
        else if (!isSame || before is null || round.Operations > 0) ring.Add(RowOf(plan, before, work, others));
    }

    private void TakeOver()
    {
        if (ring.PlansMissing) return;
        lock (gate)
        {
            foreach (var (name, time) in EarlierChanges.Of(ring.Read().Plans)) lastChanges[name] = time;
        }
    }

    private PlanRow RowOf(FinishedPlan plan, CompiledState? before, PlanDescription work, List<string> others)
    {
        var round = plan.Round;
        return new PlanRow(
            0, round.EndedAt, before is null ? "start" : plan.Cause.ToString().ToLowerInvariant(), round.Succeeded,
            Math.Round(round.SinceArrival.TotalMilliseconds, 3), round.Services, round.Operations)
        {
            Added = work.Added,
            Removed = work.Removed,
            Changed = work.Changed,
            Changes = work.Describe(MostServices),
            NotListed = Math.Max(0, work.Count - MostServices),
            Failures = [.. others.Take(MostFailures)],
            FailuresNotListed = Math.Max(0, others.Count - MostFailures),
            PlansMissing = before is null && ring.PlansMissing,
        };
    }

    private static Dictionary<ObjectName, string> FailuresOf(RoundReport round)
    {
        Dictionary<ObjectName, string> failed = [];
        foreach (var failure in round.Failures)
            if (failure.Service is { } name && name != Canary.Name) failed[name] = failure.Message;
        return failed;
    }

    private void RecordChanges(PlanDescription work, DateTimeOffset time)
    {
        lock (gate)
        {
            foreach (var (name, kind) in work.Programmed)
            {
                if (kind == "removed") lastChanges.Remove(name);
                else lastChanges[name] = time;
            }
        }
    }
}
