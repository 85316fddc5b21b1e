using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Datapath.Services;
using EbpfLb.Model;

namespace EbpfLb.Agent.Tests.Verification;

/// <summary>The comparison over the real pipeline, with maps that a test damages in words.</summary>
public sealed class VerifierTests
{
    private static readonly Difference Deleted = new(
        VerifyStage.Kernel, "lb_services4 10.96.0.1:80/TCP", Difference.Whole, "id=3", Difference.None);

    [Fact]
    public async Task What_differs_is_planned_again_on_the_thread_of_the_pipeline_and_counted()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.Verification.Differences.Add(Deleted);
        pipeline.Dataplane.OnApply = _ =>
        {
            pipeline.Dataplane.Verification.Differences.Clear();
            return new ApplyOutcome(1, []);
        };
        using var verifier = pipeline.NewVerifier();

        var result = await verifier.RunAsync(withSource: true, repair: true, TestContext.Current.CancellationToken);

        Assert.Equal([Deleted], result.Differences);
        Assert.Equal([Deleted], result.Repaired);
        Assert.Equal(2, pipeline.Dataplane.Applies);
        Assert.Contains(result.NotCompared, n => n.StartsWith("api: fake is no API server", StringComparison.Ordinal));
        Assert.Contains("ebpflb_verify_differences_total{stage=\"kernel\"} 1", pipeline.Metrics);
        Assert.Contains("ebpflb_verify_differences_total{stage=\"api\"} 0", pipeline.Metrics);
        Assert.Contains(pipeline.Metrics, l => l.StartsWith("ebpflb_verify_last_success_timestamp_seconds ", StringComparison.Ordinal));
        Assert.Contains(
            pipeline.Log, l => l.Contains("lb_services4 10.96.0.1:80/TCP: should be id=3, is none") && l.Contains("(repaired)"));
    }

    /// <summary>Such a Service has a metric of its own, and differs in each comparison until there is room.</summary>
    [Fact]
    public async Task A_Service_that_does_not_fit_is_reported_and_not_counted_as_a_difference()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.OnApply = _ => new ApplyOutcome(1, [new ObjectFailure(PipelineUnderTest.Name("web"), "no")]);
        pipeline.PushService("web", 2);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);
        using var verifier = pipeline.NewVerifier();

        var result = await verifier.RunAsync(withSource: false, repair: false, TestContext.Current.CancellationToken);

        Assert.Equal("programmed", Assert.Single(result.Differences).Field);
        Assert.Contains("ebpflb_verify_differences_total{stage=\"mirror\"} 0", pipeline.Metrics);
    }

    [Fact]
    public async Task Just_looking_plans_nothing()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.Verification.Differences.Add(Deleted);
        using var verifier = pipeline.NewVerifier();

        var result = await verifier.RunAsync(withSource: false, repair: false, TestContext.Current.CancellationToken);

        Assert.Equal([Deleted], result.Differences);
        Assert.Empty(result.Repaired);
        Assert.Equal(1, pipeline.Dataplane.Applies);
    }

    [Fact]
    public async Task What_cannot_be_repaired_is_reported_as_such()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.Verification.Differences.Add(Deleted);
        using var verifier = pipeline.NewVerifier();

        var result = await verifier.RunAsync(withSource: false, repair: true, TestContext.Current.CancellationToken);

        Assert.Empty(result.Repaired);
        Assert.Contains(pipeline.Log, l => l.Contains("(not repaired)"));
    }

    [Fact]
    public async Task Where_all_is_well_no_round_is_run()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        using var verifier = pipeline.NewVerifier();

        var result = await verifier.RunAsync(withSource: true, repair: true, TestContext.Current.CancellationToken);

        Assert.Empty(result.Differences);
        Assert.Equal(1, pipeline.Dataplane.Applies);
        Assert.Contains(result.Compared, c => c is { Stage: VerifyStage.Table, Elements: > 1 });
    }

    [Fact]
    public async Task Before_anything_is_programmed_nothing_can_be_compared_and_no_success_is_told()
    {
        await using var pipeline = new PipelineUnderTest();
        using var verifier = pipeline.NewVerifier();

        var result = await verifier.RunAsync(withSource: true, repair: true, TestContext.Current.CancellationToken);

        Assert.False(result.IsComplete);
        Assert.Contains(result.NotCompared, n => n.Contains("nothing has been programmed yet"));
        Assert.DoesNotContain(pipeline.Metrics, l => l.StartsWith("ebpflb_verify_last_success", StringComparison.Ordinal));
    }
}
