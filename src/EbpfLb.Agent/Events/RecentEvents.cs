using EbpfLb.Agent.Pipeline;
using EbpfLb.Http.Page;
using EbpfLb.Model;

namespace EbpfLb.Agent.Events;

/// <summary>The last things that the agent programmed, and the last events that it recorded, for the status page. Thread-safe.</summary>
/// <param name="recorder">Gets every event too.</param>
internal sealed class RecentEvents(IEventRecorder recorder, TimeProvider time) : IEventRecorder
{
    /// <summary>Of each of the two: updates are many, and shall not push out an event.</summary>
    private const int Most = 50;

    private readonly Lock gate = new();
    private readonly List<PageEvent> rounds = [];
    private readonly List<PageEvent> events = [];

    /// <summary>Newest first.</summary>
    public IReadOnlyList<PageEvent> All
    {
        get
        {
            lock (gate) return [.. rounds.Concat(events).OrderByDescending(e => e.Time)];
        }
    }

    public void Record(ClusterEvent clusterEvent)
    {
        recorder.Record(clusterEvent);
        Add(events, new PageEvent(time.GetUtcNow(), clusterEvent.Warning, clusterEvent.Reason,
            $"{clusterEvent.Subject} {clusterEvent.Name}", clusterEvent.Note));
    }

    /// <summary>After each round; one that had nothing to do is none.</summary>
    public void Record(RoundReport round)
    {
        if (round is { Operations: 0, Succeeded: true }) return;
        Add(rounds, new PageEvent(round.EndedAt, !round.Succeeded, "programmed", null,
            $"{round.Services} services, {round.Operations} operations, {round.Failures.Count} failed"));
    }

    /// <summary>What repeats is one line.</summary>
    private void Add(List<PageEvent> kept, PageEvent happened)
    {
        lock (gate)
        {
            var before = kept.FindIndex(e => (e.What, e.Object, e.Text) == (happened.What, happened.Object, happened.Text));
            var count = before < 0 ? 1 : kept[before].Count + 1;
            if (before >= 0) kept.RemoveAt(before);
            else if (kept.Count == Most) kept.RemoveAt(0);
            kept.Add(happened with { Count = count });
        }
    }
}
