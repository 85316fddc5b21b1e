using EbpfLb.Agent.Kernel;
using EbpfLb.Datapath.Canary;
using EbpfLb.Testing;

namespace EbpfLb.Agent.Tests.Pipeline;

public sealed class HookGuardTests
{
    [Fact]
    public async Task Attaching_that_fails_is_reported_and_tried_again_soon()
    {
        await using var pipeline = new PipelineUnderTest();
        pipeline.Dataplane.OnAttach = () => throw new InvalidOperationException("somebody attached exclusively; run bpftool cgroup tree");
        pipeline.PushService("web", 1);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);
        Assert.Equal(
            ["hooks are not attached: somebody attached exclusively; run bpftool cgroup tree"], pipeline.State.Readiness().Reasons);

        pipeline.Dataplane.OnAttach = () => { };
        pipeline.Time.Advance(TimeSpan.FromSeconds(1));
        await pipeline.UntilIdleAsync();
        Assert.True(pipeline.IsReady);
        Assert.Equal(1, pipeline.Dataplane.Applies);
    }

    [Fact]
    public async Task A_canary_that_never_answers_keeps_the_agent_from_being_ready()
    {
        await using var pipeline = new PipelineUnderTest();
        pipeline.Dataplane.Canary = new CanaryResult(false, "not in force; check --cgroup-root");
        pipeline.PushService("web", 1);
        await pipeline.Dataplane.NextAppliedAsync();
        await pipeline.UntilWaitingForAsync(1);
        Assert.Equal(["canary: not in force; check --cgroup-root"], pipeline.State.Readiness().Reasons);
        Assert.Single(pipeline.Log, l => l.Contains("Canary failed: not in force; check --cgroup-root"));
    }

    [Contract("13", "removed by others: put back")]
    [Fact]
    public async Task Hooks_that_somebody_removed_are_attached_again_at_the_next_check()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.Canary = new CanaryResult(false, "gone");
        pipeline.Dataplane.OnAttach = () => pipeline.Dataplane.Canary = new CanaryResult(true, null);

        pipeline.Time.Advance(TimeSpan.FromSeconds(30));
        await pipeline.UntilIdleAsync();

        Assert.Equal(2, pipeline.Dataplane.Attached);
        Assert.True(pipeline.IsReady);
        Assert.Single(pipeline.Log, l => l.Contains("gone"));
        Assert.Contains(pipeline.Log, l => l.Contains("Canary answers again, after the hooks were attached anew; it had failed: gone"));
    }

    [Fact]
    public async Task Hooks_that_are_in_force_are_left_alone()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Time.Advance(TimeSpan.FromSeconds(30));
        await pipeline.UntilIdleAsync();
        Assert.Equal(1, pipeline.Dataplane.Attached);
        Assert.Equal(pipeline.Time.GetUtcNow(), pipeline.State.Hooks.CheckedAt);
    }

    [Contract("13", "syncPeriod: the longest wait after a failure; hooks and the node are looked at")]
    [Fact]
    public async Task What_somebody_removed_is_put_back_at_each_check_and_only_when_something_was_attached()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        Assert.Equal(0, pipeline.Dataplane.Repaired);

        pipeline.Time.Advance(TimeSpan.FromSeconds(30));
        await pipeline.UntilIdleAsync();

        Assert.Equal(1, pipeline.Dataplane.Repaired);
    }

    [Fact]
    public async Task An_instance_that_another_agent_has_taken_over_is_not_ready_and_says_why()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        pipeline.Dataplane.OnRepair = pipeline.Dataplane.OnAttach = ()
            => throw new InvalidOperationException("another agent has taken it over");

        pipeline.Time.Advance(TimeSpan.FromSeconds(30));
        await pipeline.UntilWaitingForAsync(1);

        Assert.Contains("hooks are not attached: another agent has taken it over", pipeline.State.Readiness().Reasons);
        Assert.Equal(1, pipeline.Dataplane.Attached);
    }

    /// <summary>It was right before, and is not asked where attaching fails.</summary>
    [Fact]
    public async Task A_canary_that_was_not_asked_is_not_known()
    {
        await using var pipeline = new PipelineUnderTest();
        await pipeline.UntilFirstServiceIsInAsync();
        var checkedAt = pipeline.State.Hooks.CheckedAt;
        Assert.True(pipeline.State.Hooks.Canary!.Ok);
        pipeline.Dataplane.OnRepair = () => throw new InvalidOperationException("no");

        pipeline.Time.Advance(TimeSpan.FromSeconds(30));
        await pipeline.UntilWaitingForAsync(1);

        Assert.Equal((null, checkedAt), (pipeline.State.Hooks.Canary, pipeline.State.Hooks.CheckedAt));
    }
}
