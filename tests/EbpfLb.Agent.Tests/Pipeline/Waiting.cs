namespace EbpfLb.Agent.Tests.Pipeline;

/// <summary>Waits for what no event tells. The limit only ends a test that has failed.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    public static async Task UntilAsync(Func<bool> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, "the condition did not become true");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>
    /// Moves the clock by this much in steps of half a second, each when the loop has begun to wait, so that checks of the hooks on the
    /// way find their turn.
    /// </summary>
    public static async Task AdvanceThroughAsync(this PipelineUnderTest pipeline, TimeSpan time, Func<bool> done)
    {
        var step = TimeSpan.FromSeconds(0.5);
        for (var passed = TimeSpan.Zero; passed < time; passed += step)
        {
            await UntilAsync(() => done() || pipeline.Time.PendingTimers.Count > 0);
            pipeline.Time.Advance(step);
        }
        await UntilAsync(done);
    }
}
