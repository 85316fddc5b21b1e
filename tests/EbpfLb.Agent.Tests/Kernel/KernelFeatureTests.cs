using System.Text.Json;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Kernel;

/// <summary>What a kernel lacks, as a whole agent tells it; `ebpflb status` is in RunCommandTests.</summary>
public sealed class KernelFeatureTests
{
    [Fact]
    public async Task What_the_kernel_lacks_is_in_readyz_in_the_metric_and_once_in_the_log()
    {
        await using var agent = await RunningAgent.StartAsync();
        agent.ApplyNode();
        await agent.UntilLogAsync("Synced: ");

        using var ready = JsonDocument.Parse((await agent.GetAsync("health", "/readyz")).Body);
        Assert.Equal(["tcx: tc programs as links (EINVAL)"], ready.RootElement.GetProperty("missingFeatures").EnumerateArray().Select(f => f.GetString()));
        var metrics = (await agent.GetAsync("metrics", "/metrics")).Body;
        Assert.Contains("ebpflb_kernel_feature{feature=\"cgroup_link\"} 1\n", metrics);
        Assert.Contains("ebpflb_kernel_feature{feature=\"tcx\"} 0\n", metrics);
        Assert.Single(agent.Log.Split('\n'), l => l.Contains("Kernel feature missing: name=tcx", StringComparison.Ordinal));
    }
}
