using System.Net;
using System.Text.Json;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Survival;

/// <summary>
/// More backends than the map holds: whoever does not fit keeps its old state, is named, and is served when there is room.
/// </summary>
public sealed class FullMapTests : IDisposable
{
    private readonly TestNode node = new(["--max-backends", "64"]);

    [Fact]
    public void A_service_that_does_not_fit_keeps_its_old_state_and_the_others_go_on()
    {
        var (greedy, modest) = (node.Publish("a"), node.Publish("a"));
        var load = node.Probe.Start(greedy.Load(LoadMode.Tcp, Family.IPv4));
        var crowd = Enumerable.Range(1, 200).Select(i => IPAddress.Parse($"10.200.0.{i}")).ToArray();

        node.Manifests.Put(greedy.Manifest with { Endpoints = [.. node.Addresses("b"), .. crowd] });
        Eventually.True(() => IsReported(greedy), "the log to name the service and the option");
        node.Manifests.Put(modest.Manifest with { Endpoints = node.Addresses("c") });
        Eventually.True(() => Try(modest).By("c/8080") == 1, "the other service to change");
        load.AfterMore(20);
        var during = load.TakeAndReset();

        // Only half of the room is needed now: the old state and the new fit side by side.
        node.Manifests.Put(greedy.Manifest with { Endpoints = node.Addresses("b") });
        Eventually.True(() => Try(greedy).By("b/8080") == 1, "the service to fit again");

        Eventually.True(() => Plans(greedy)[^1].GetProperty("programmed").GetBoolean(), "the history to tell of it");
        var refused = Plans(greedy).Single(p => !p.GetProperty("programmed").GetBoolean());
        Assert.Contains("--max-backends", refused.GetProperty("changes")[0].GetProperty("failed").GetString(), StringComparison.Ordinal);

        Assert.True(during.IsClean, during.Line);
        Assert.Equal(during.Answered, during.By("a/8080"));
        Assert.Equal(0, load.Stop().Failed);
    }

    public void Dispose() => node.Dispose();

    private bool IsReported(TestService service) => node.Agent.Log.Split('\n').Any(line =>
        line.Contains($"default/{service.Manifest.Name}", StringComparison.Ordinal)
            && line.Contains("--max-backends", StringComparison.Ordinal));

    private JsonElement[] Plans(TestService service) =>
    [
        .. node.Agent.Json("history", "--service", $"default/{service.Manifest.Name}").GetProperty("plans").EnumerateArray(),
    ];

    private LoadReport Try(TestService service) => node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 1 });
}
