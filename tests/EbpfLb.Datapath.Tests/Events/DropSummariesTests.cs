using EbpfLb.Abi;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Tests.Flows;
using EbpfLb.Testing.Time;

namespace EbpfLb.Datapath.Tests.Events;

public sealed class DropSummariesTests
{
    private readonly ManualTimeProvider time = new();
    private readonly Dictionary<LbReason, long> counters = [];
    private readonly DropSummaries summaries;

    public DropSummariesTests() => summaries = new DropSummaries(reason => counters.GetValueOrDefault(reason), time);

    [Fact]
    public void The_first_drop_of_each_reason_is_told_at_once()
    {
        Assert.Equal((1L, (TimeSpan?)null), Told(Drop(LbReason.DropCtFull)));
        Assert.Equal((1L, (TimeSpan?)null), Told(Drop(LbReason.DropRange)));
        Assert.Null(Drop(LbReason.DropCtFull));
        Assert.Empty(summaries.TakeDue());
    }

    [Fact]
    public void The_rest_comes_every_30_seconds_in_one_line_with_the_number_of_the_counter()
    {
        Drop(LbReason.DropCtFull);
        // 1,234 drops, of which the ring had room for two.
        Drop(LbReason.DropCtFull, count: 1233);
        Drop(LbReason.DropCtFull, port: 99);
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Empty(summaries.TakeDue());
        time.Advance(TimeSpan.FromSeconds(1));
        var summary = Assert.Single(summaries.TakeDue());
        Assert.Equal((1234L, TimeSpan.FromSeconds(30)), Told(summary));
        Assert.Equal(99, summary.Example.Source.Port);
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Empty(summaries.TakeDue());
    }

    [Fact]
    public void After_a_quiet_time_the_next_is_the_first_again()
    {
        Drop(LbReason.DropRange);
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal((1L, (TimeSpan?)null), Told(Drop(LbReason.DropRange)));
    }

    [Fact]
    public void A_drop_that_comes_when_a_line_is_due_is_in_that_line()
    {
        Drop(LbReason.DropRange);
        Drop(LbReason.DropRange);
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Null(Drop(LbReason.DropRange));
        Assert.Equal(2, Assert.Single(summaries.TakeDue()).Count);
    }

    [Fact]
    public void Counters_that_began_anew_do_not_hide_what_was_seen()
    {
        counters[LbReason.DropRange] = 1000;
        Drop(LbReason.DropRange);
        counters[LbReason.DropRange] = 0;
        Drop(LbReason.DropRange);
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(1, Assert.Single(summaries.TakeDue()).Count);
    }

    private static (long Count, TimeSpan? Over) Told(DropSummary? summary) => (summary!.Count, summary.Over);

    private DropSummary? Drop(LbReason reason, int count = 1, int port = 1)
    {
        counters[reason] = counters.GetValueOrDefault(reason) + count;
        return summaries.Record(new DropEvent(
            time.GetUtcNow(), reason, TestFlow.Endpoint($"192.0.2.1:{port}"), TestFlow.Endpoint("10.96.0.1:80"), 6, 2, 60, 7));
    }
}
