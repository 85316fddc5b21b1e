using EbpfLb.Agent.Options;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Hosting;

/// <summary>An end of the pipeline that fails ends the agent, which its supervisor starts again.</summary>
public sealed class PipelineServiceTests
{
    [Theory]
    [InlineData("apply")]
    [InlineData("attach")]
    public async Task A_sync_loop_without_memory_ends_the_agent_as_failed(string where)
    {
        await using var agent = await RunningAgent.StartAsync();
#pragma warning disable CA2201, MA0012 // What the runtime throws is what is tried.
        if (where == "apply") agent.Dataplane.OnApply = _ => throw new OutOfMemoryException("a test");
        else agent.Dataplane.OnAttach = () => throw new OutOfMemoryException("a test");
#pragma warning restore CA2201, MA0012

        agent.ApplyNode();

        Assert.Equal(ExitCode.Failed, await agent.Exit.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken));
        Assert.Contains("A part of the agent ended unexpectedly: part=sync", agent.Log, StringComparison.Ordinal);
    }
}
