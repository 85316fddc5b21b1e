using System.Text.Json;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Monitor;

/// <summary>`ebpflb monitor` beside packets that are dropped.</summary>
public sealed class MonitorTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    [Fact]
    public void A_dropped_packet_comes_as_a_line_and_a_filter_leaves_others_out()
    {
        var (blocked, other) = (Publish(), Publish());
        using var all = cluster.First.Agent.Start("monitor", "-o", "json");
        using var one = cluster.First.Agent.Start("monitor", "--service", $"default/{blocked.Manifest.Name}", "--reason", "drop_range",
            "--address", cluster.Client.IPv4.ToString());
        // It tells how things are before it waits for what comes.
        Eventually.True(() => all.Output.Contains("\"state\"", StringComparison.Ordinal), () => $"the state: {all.Output}");

        // The filter tells nothing of the state, so it is not known when it began to listen.
        Eventually.True(() =>
        {
            foreach (var service in (OutsideService[])[other, blocked]) Knock(service);
            return one.Output.Contains("drop_range", StringComparison.Ordinal) && Drops(all, other).Any();
        }, () => $"both to be told:\n{one.Output}\n{all.Output}");

        Assert.All(one.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Contains($" of default/{blocked.Manifest.Name}:tcp: ", line, StringComparison.Ordinal));
        Assert.All(Drops(all, other), drop => Assert.Equal("drop_range", drop.GetProperty("reason").GetString()));
    }

    private OutsideService Publish()
    {
        var service = cluster.NewService("a");
        return cluster.Publish(service with { Manifest = service.Manifest with { SourceRanges = ["192.0.2.250/32"] } });
    }

    private void Knock(OutsideService service) => cluster.Probe.Load(
        new LoadSpec(LoadMode.Tcp, service.Address(cluster, Way.LoadBalancerIP, Family.IPv4)) { Count = 1,
            Timeout = TimeSpan.FromMilliseconds(200) });

    private static IEnumerable<JsonElement> Drops(ChildProcess monitor, OutsideService service)
        => monitor.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.TryGetProperty("drop", out _)).Select(line => line.GetProperty("drop"))
            .Where(drop => drop.GetProperty("service").GetString() == $"default/{service.Manifest.Name}:tcp");
}
