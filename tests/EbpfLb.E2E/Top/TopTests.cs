using System.Text.Json;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Top;

/// <summary>`ebpflb top` beside real connections.</summary>
public sealed class TopTests(TestNode node) : IClassFixture<TestNode>
{
    [Fact]
    public void Connections_that_begin_between_two_readings_are_a_rate_of_their_service()
    {
        var service = node.Publish("a", "b");
        node.Probe.Do($"hold id=top to={service.Address(Family.IPv4)} count=5");

        // Whenever a load meets the time between the readings: how long that is does not matter.
        var seen = Eventually.Get(
            () => Top(service, busy: true), row => row.GetProperty("connectionRate").GetDouble() > 0, "a rate of connections");

        Assert.Equal(2, seen.GetProperty("backends").GetInt32());
        var idle = Top(service, busy: false);
        Assert.Equal((0.0, 5), (idle.GetProperty("connectionRate").GetDouble(), idle.GetProperty("open").GetInt32()));
        node.Probe.Do("release id=top");
    }

    [Fact]
    public void Without_an_agent_the_pinned_counters_are_read_and_have_ids_for_names()
    {
        using var alone = new TestNode();
        var service = alone.Publish("a");
        alone.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 3 });
        alone.Agent.Kill();

        var (code, text) = alone.Agent.Command("top", "--once", "--interval", "100ms", "--sort", "name");

        Assert.True(code == 0 && text.Contains("read from the pinned maps", StringComparison.Ordinal), text);
        Assert.Matches("(?m)^#[0-9]+/TCP +0\\.0 ", text);
    }

    private JsonElement Top(TestService service, bool busy)
    {
        var load = busy ? node.Probe.Start(service.Load(LoadMode.Tcp, Family.IPv4)) : null;
        var (code, text) = node.Agent.Command("top", $"default/{service.Manifest.Name}:tcp", "--once", "--interval", "300ms", "-o", "json");
        if (load is not null) Assert.True(load.Stop().IsClean);
        Assert.True(code == 0, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("services")[0];
    }
}
