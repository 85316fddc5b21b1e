using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Datapath.Tests.Flows;

public sealed class SweepLoopTests : IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ManualTimeProvider time = new();
    private readonly MemoryFlowMap memory = new(IpFamily.IPv4, 1000);
    private readonly CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly List<SweepReport> reports = [];
    private long opened;
    private Task loop = Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loop);
        stop.Dispose();
    }

    [Fact]
    public async Task A_map_that_is_nearly_empty_is_swept_every_30_seconds()
    {
        await StartAsync(memory);
        Assert.Single(reports);
        await PassAsync(29);
        Assert.Single(reports);
        await PassAsync(1);
        Assert.Equal(2, reports.Count);
    }

    [Fact]
    public async Task A_flood_brings_the_next_sweep_forward_before_anybody_has_counted_it()
    {
        await StartAsync(memory);
        opened += 450;
        await PassAsync(1);
        Assert.Equal(2, reports.Count);
    }

    [Fact]
    public async Task A_map_that_is_full_is_swept_every_second_and_gives_up_what_is_idle()
    {
        for (var i = 0; i < 500; i++) (TestFlow.Number(i) with { Tick = new FlowClock(time).Now - 200 }).AddTo(memory);
        await StartAsync(memory);
        Assert.Equal((0, 1000), (reports[0].Shrunk, reports[0].Entries));
        await PassAsync(1);
        Assert.Equal((500, 0), (reports[1].Shrunk, memory.Count));
    }

    [Fact]
    public async Task A_sweep_uses_no_more_than_its_share_of_a_core()
    {
        for (var i = 0; i < 500; i++) (TestFlow.Number(i) with { Tick = new FlowClock(time).Now }).AddTo(memory);
        var slow = new DisturbedMap(memory) { BeforeBatch = () => time.Advance(TimeSpan.FromMilliseconds(10)) };
        var sweep = new ConntrackCollector(slow, new ExpiryPolicy(new FlowLifetimes()), time, new SweepPacer(time, share: 0.05))
            .SweepAsync(0, stop.Token);
        // 10 ms of work at 5 %: 190 ms of rest.
        await time.WhenTimerIsDueIn(TimeSpan.FromMilliseconds(190)).WaitAsync(stop.Token);
        Assert.False(sweep.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(190));
        var report = await sweep;
        Assert.Equal((TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(200)), (report.Work, report.Duration));
        loop = Task.FromCanceled(new CancellationToken(canceled: true));
    }

    [Fact]
    public async Task A_map_that_cannot_be_read_does_not_end_the_sweeping()
    {
        var fails = true;
        await StartAsync(new DisturbedMap(WithOneFlow())
        {
            BeforeBatch = () => { if (fails) throw new BpfException(Errno.ENOMEM, "read map", "lb_conntrack4"); },
        });
        Assert.Empty(reports);
        fails = false;
        await PassAsync(30);
        Assert.Single(reports);
    }

    private MemoryFlowMap WithOneFlow()
    {
        new TestFlow().AddTo(memory);
        return memory;
    }

    private async Task StartAsync(IFlowMap map)
    {
        var collector = new ConntrackCollector(map, new ExpiryPolicy(new FlowLifetimes()), time, new SweepPacer(time, share: 0.05));
        loop = new SweepLoop([collector], () => opened, reports.Add, time, NullLogger.Instance).RunAsync(stop.Token);
        await time.WhenTimerIsDueIn(Second).WaitAsync(stop.Token);
    }

    private async Task PassAsync(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            time.Advance(Second);
            await time.WhenTimerIsDueIn(Second).WaitAsync(stop.Token);
        }
    }
}
