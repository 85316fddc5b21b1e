using System.Text.Json;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Bpf;
using EbpfLb.Http.Health;

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
        Assert.Equal(["tcx: tc programs as links (EINVAL)"],
            ready.RootElement.GetProperty("missingFeatures").EnumerateArray().Select(f => f.GetString()));
        var metrics = (await agent.GetAsync("metrics", "/metrics")).Body;
        Assert.Contains("ebpflb_kernel_feature{feature=\"cgroup_link\"} 1\n", metrics);
        Assert.Contains("ebpflb_kernel_feature{feature=\"tcx\"} 0\n", metrics);
        Assert.Single(agent.Log.Split('\n'), l => l.Contains("Kernel feature missing: name=tcx", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_not_known_yet_is_neither_there_nor_missing()
    {
        var dataplane = new FakeDataplane { Probed = [KernelFeature.Unknown("iter_udp"), new("tcx", true, "", "")] };
        var state = new PipelineState(
            () => new FakeSource().Status, new ProxyHealthTracker(TimeProvider.System, TimeSpan.FromSeconds(30)), false)
        {
            MissingFeatures = () => FeatureText.Missing(dataplane.Features),
        };

        var readings = new DataplaneReadings(
            dataplane, dataplane, state, new FlowState(), TimeProvider.System);
        Assert.Equal([new("tcx", true)], readings.ReadFeatures());
        Assert.Empty(state.Readiness().MissingFeatures);

        dataplane.Probed = [new("iter_udp", false, "EPERM", "found by sock_diag")];

        Assert.Equal([new("iter_udp", false)], readings.ReadFeatures());
        Assert.Equal(["iter_udp: found by sock_diag (EPERM)"], state.Readiness().MissingFeatures);
    }
}
