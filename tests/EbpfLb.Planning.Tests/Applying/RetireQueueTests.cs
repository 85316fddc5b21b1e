using EbpfLb.Planning.Applying;

namespace EbpfLb.Planning.Tests.Applying;

public sealed class RetireQueueTests
{
    [Fact]
    public async Task Batches_are_retired_after_the_grace_period_and_plans_go_on_meanwhile()
    {
        var lab = new Lab();
        lab.Cluster.Service("a", ["10.96.0.1"], ["http:80"]).Slice("a-1", "a", ["http:8080"], ["10.1.0.1"]);
        lab.Step();
        var grace = new Gate();
        var queue = new RetireQueue(lab.Applier, grace);
        var running = queue.RunAsync(TestContext.Current.CancellationToken);
        lab.Cluster.Slice("a-1", "a", ["http:8080"], ["10.1.0.2"]);
        queue.Enqueue(lab.Step().Retired);
        await grace.Entered.Task;

        lab.Cluster.Slice("a-1", "a", ["http:8080"], ["10.1.0.3"]);
        queue.Enqueue(lab.Step().Retired);
        Assert.Equal(["10.96.0.1:80/TCP -> 10.1.0.3:8080"], lab.Lines());
        Assert.Equal(5, lab.Mirror.BackendsInUse);

        grace.Open.SetResult();
        queue.Complete();
        await running;

        lab.AssertNothingIsLeftOver();
        Assert.Equal(2, grace.Periods);
    }

    private sealed class Gate : IGracePeriod
    {
        public TaskCompletionSource Entered { get; } = new();

        public TaskCompletionSource Open { get; } = new();

        public int Periods { get; private set; }

        public Task WaitAsync(CancellationToken cancellationToken)
        {
            Periods++;
            Entered.TrySetResult();
            return Open.Task;
        }
    }
}
