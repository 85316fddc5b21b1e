using EbpfLb.Agent.Events;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath.Services;
using EbpfLb.Model;
using EbpfLb.Testing.Time;

namespace EbpfLb.Agent.Tests.Events;

/// <summary>What the status page shows of the last rounds and events.</summary>
public sealed class RecentEventsTests
{
    private readonly ManualTimeProvider time = new();
    private readonly Recorder recorder = new();
    private readonly RecentEvents events;

    public RecentEventsTests() => events = new RecentEvents(recorder, time);

    [Fact]
    public void The_newest_stands_first_and_each_event_is_passed_on()
    {
        Tell("a");
        Programmed(operations: 3);
        Tell("b");
        Assert.Equal(["note b", "1 services, 3 operations, 0 failed", "note a"], events.All.Select(e => e.Text));
        Assert.Equal(["a", "b"], recorder.Recorded.Select(e => e.Name.Name));
        Assert.Equal(events.All.Select(e => e.Time).OrderDescending(), events.All.Select(e => e.Time));
    }

    [Fact]
    public void What_repeats_is_one_line_with_its_number_at_its_last_time()
    {
        Tell("a");
        Tell("b");
        Tell("a");
        Assert.Equal([("note a", 2), ("note b", 1)], events.All.Select(e => (e.Text, e.Count)));
        Assert.Equal(time.GetUtcNow(), events.All[0].Time);
    }

    [Fact]
    public void Fifty_of_each_are_kept_and_rounds_push_out_no_event()
    {
        for (var i = 0; i < 60; i++) Tell($"e{i}");
        for (var i = 1; i <= 200; i++) Programmed(operations: i);
        Assert.Equal(50, events.All.Count(e => e.What == "programmed"));
        Assert.Equal(Enumerable.Range(10, 50).Reverse().Select(i => $"note e{i}"),
            events.All.Where(e => e.What != "programmed").Select(e => e.Text));
        Assert.Equal("1 services, 200 operations, 0 failed", events.All[0].Text);
    }

    [Fact]
    public void A_round_without_anything_to_do_is_none_and_one_that_failed_is_a_warning()
    {
        Programmed(operations: 0);
        Assert.Empty(events.All);
        Programmed(operations: 0, new ObjectFailure(new ObjectName("default", "web"), "full"));
        Assert.True(Assert.Single(events.All).IsWarning);
    }

    private void Tell(string name)
    {
        time.Advance(TimeSpan.FromSeconds(1));
        events.Record(new ClusterEvent(EventSubject.Service, new ObjectName("default", name), true, "Reason", "Do", $"note {name}"));
    }

    private void Programmed(int operations, params ObjectFailure[] failures)
    {
        time.Advance(TimeSpan.FromSeconds(1));
        events.Record(new RoundReport(1, time.GetUtcNow(), 1, operations, default, default, true, failures, null));
    }

    private sealed class Recorder : IEventRecorder
    {
        public List<ClusterEvent> Recorded { get; } = [];

        public void Record(ClusterEvent clusterEvent) => Recorded.Add(clusterEvent);
    }
}
