using System.Net;
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

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void A_connection_comes_as_a_line_when_it_begins_and_when_it_ends_and_a_filter_leaves_others_out(Family family)
    {
        var (traced, other) = (cluster.Publish("c"), cluster.Publish("c"));
        var name = $"default/{traced.Manifest.Name}";
        using var words = cluster.First.Agent.Start("monitor", "--type", "trace", "--service", name);
        using var json = cluster.First.Agent.Start("monitor", "--type", "trace", "--service", name, "-o", "json");
        var (outside, inside) = (traced.Address(cluster, Way.NodePortOfFirst, family), traced.Address(cluster, Way.ClusterIP, family));
        var backend = new IPEndPoint(cluster.Addresses("c")[family == Family.IPv6 ? 1 : 0], TestNode.TargetPort).ToString();

        // It says nothing when it begins to listen.
        Eventually.True(() =>
        {
            foreach (var service in (OutsideService[])[other, traced])
                cluster.CheckClean(cluster.Probe.Load(Once(service.Address(cluster, Way.NodePortOfFirst, family))));
            cluster.CheckClean(cluster.First.Host.Load(Once(inside)));
            return Ended(words.Output) && Ended(Said(json));
        }, () => $"the begin and the end to be told:\n{words.Output}\n{json.Output}");

        Assert.All(words.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Matches($"^trace .* of {name}:tcp$", line));
        var traces = Traces(json);
        Assert.All(traces, trace => Assert.Equal((name + ":tcp", backend), (Text(trace, "service"), Text(trace, "backend"))));
        var packets = traces.Where(t => Text(t, "frontend") == outside && Text(t, "event") != "resumed");
        Assert.All(packets.GroupBy(t => Text(t, "client")), flow =>
        {
            Assert.Equal(flow.Select(t => Text(t, "event")).Distinct(), flow.Select(t => Text(t, "event")));
            Assert.All(flow, trace => Assert.NotNull(Text(trace, "snat")));
        });
        var socket = traces.First(t => Text(t, "event") == "connected");
        Assert.Equal((inside, "connect"), (Text(socket, "frontend"), Text(socket, "hook")));
        Assert.Equal("netprobe", Text(socket, "process"));

        static bool Ended(string output) => output.Contains("closed ", StringComparison.Ordinal)
            && output.Contains("connected ", StringComparison.Ordinal) && output.Contains("opened ", StringComparison.Ordinal);
        static string Said(ChildProcess monitor) => string.Concat(Traces(monitor).Select(t => Text(t, "event") + ' '));
    }

    private OutsideService Publish()
    {
        var service = cluster.NewService("a");
        return cluster.Publish(service with { Manifest = service.Manifest with { SourceRanges = ["192.0.2.250/32"] } });
    }

    private void Knock(OutsideService service) => cluster.Probe.Load(
        new LoadSpec(LoadMode.Tcp, service.Address(cluster, Way.LoadBalancerIP, Family.IPv4)) { Count = 1,
            Timeout = TimeSpan.FromMilliseconds(200) });

    private static LoadSpec Once(string address) => new(LoadMode.Tcp, address) { Count = 1 };

    private static List<JsonElement> Traces(ChildProcess monitor)
        => [.. monitor.Output.Split('\n')[..^1].Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.TryGetProperty("trace", out _)).Select(line => line.GetProperty("trace"))];

    private static string? Text(JsonElement trace, string name) => trace.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static IEnumerable<JsonElement> Drops(ChildProcess monitor, OutsideService service)
        => monitor.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.TryGetProperty("drop", out _)).Select(line => line.GetProperty("drop"))
            .Where(drop => drop.GetProperty("service").GetString() == $"default/{service.Manifest.Name}:tcp");
}
