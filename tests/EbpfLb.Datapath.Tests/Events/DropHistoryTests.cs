using EbpfLb.Abi;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Tests.Flows;
using EbpfLb.Testing.Time;

namespace EbpfLb.Datapath.Tests.Events;

public sealed class DropHistoryTests
{
    private readonly DropHistory history = new(capacity: 3);
    private readonly ManualTimeProvider time = new();

    [Fact]
    public void The_last_ones_are_kept_and_a_reader_gets_what_is_new_to_him()
    {
        Assert.Empty(history.After(0));
        for (var i = 1; i <= 5; i++) Add(i);
        Assert.Equal([(3L, 3), (4L, 4), (5L, 5)], Read(0));
        Assert.Equal([(5L, 5)], Read(4));
        Assert.Empty(Read(5));
        Assert.Empty(Read(99));
    }

    [Fact]
    public async Task Who_waits_is_woken_by_the_next_drop()
    {
        Add(1);
        await history.WaitAfterAsync(0, TimeSpan.FromSeconds(1), time, TestContext.Current.CancellationToken);
        var waiting = history.WaitAfterAsync(1, TimeSpan.FromSeconds(1), time, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        Add(2);
        await waiting;
    }

    [Fact]
    public async Task Who_waits_in_vain_gets_nothing_when_the_time_is_over()
    {
        var waiting = history.WaitAfterAsync(0, TimeSpan.FromSeconds(1), time, TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(1));
        await waiting;
        Assert.Empty(history.After(0));
    }

    private IEnumerable<(long, int)> Read(long number) => history.After(number).Select(d => (d.Number, (int)d.Event.Source.Port));

    private void Add(int port) => history.Add(new DropEvent(
        time.GetUtcNow(), LbReason.DropRange, TestFlow.Endpoint($"192.0.2.1:{port}"), TestFlow.Endpoint("10.96.0.1:80"), 6, 2, 60, 7));
}
