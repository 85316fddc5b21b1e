using System.Net;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Testing;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Survival;

/// <summary>Somebody deletes what the agent has made, as e2e "should recreate its iptables rules if they are deleted" does.</summary>
public sealed class VerifyTests
{
    [Fact]
    public void What_is_missing_in_the_maps_is_named_and_repaired_on_demand()
    {
        using var node = new TestNode(["--verify-period", "0"]);
        var service = node.Publish("a", "b");
        Assert.Equal(0, node.Agent.Command("verify").ExitCode);
        // The canary's own entries stay: without them the agent would repair everything at once.
        Empty(node, but: Policy.Canary.FrontendV4.Address.ToString());
        Assert.Equal(0, Connect(node, service).Answered);

        var (explained, text) = node.Agent.Command(
            "explain", "--from", node.Client.IPv4.ToString(), "--to", "10.96.1.1:80", "--path", "socket");
        Assert.True(explained == 0, text);
        Assert.StartsWith("The kernel does otherwise: the agent's table has 10.96.1.1:80/TCP, the kernel has not", text);

        var (code, output) = node.Agent.Command("verify", "--dry-run");
        Assert.True(code == 1, output);
        Assert.Contains("lb_services4 10.96.1.1:80/TCP", output);
        Assert.Contains($"default/{service.Manifest.Name}:tcp", output);
        Assert.Contains("not tried", output);
        Assert.Equal(0, Connect(node, service).Answered);

        var report = node.Agent.Json("verify");
        Assert.All(
            report.GetProperty("differences").EnumerateArray(), d => Assert.True(d.GetProperty("repaired").GetBoolean(), d.ToString()));
        Assert.Equal(1, Connect(node, service).Answered);
        Assert.Equal(0, node.Agent.Command("verify").ExitCode);
    }

    [Contract("13", "removed by others: put back")]
    [Fact]
    public void Should_recreate_its_rules_if_they_are_deleted()
    {
        using var node = new TestNode(["--verify-period", "500ms", "--sync-period", "1s"]);
        var service = node.Publish("a");
        Empty(node);
        Eventually.True(
            () => Connect(node, service).Answered == 1, () => $"the maps to be filled again. Log of the agent:\n{node.Agent.EndOfLog}");

        var instance = BpfFs.InstancePath(node.Agent.Instance);
        using (var link = BpfLink.OpenPinned(Path.Combine(instance, "links", "connect4"))) link.Detach();
        // Not the directories: the agent may pin again before they are empty.
        foreach (var pin in Directory.GetFiles(instance, "*", SearchOption.AllDirectories)) File.Delete(pin);
        Eventually.True(() => File.Exists(Path.Combine(instance, "maps", "lb_meta")), "the pins to be put back");
        Eventually.True(
            () => Connect(node, service).Answered == 1, () => $"the link to be put back. Log of the agent:\n{node.Agent.EndOfLog}");

        // A repair is counted when it is done, which a client may notice first.
        Eventually.True(
            () => node.Agent.MetricsOf("ebpflb_repairs_total{what=\"link\"} 1").Length > 0
                && node.Agent.MetricsOf($"ebpflb_repairs_total{{what=\"map_pin\"}} {Abi.Tables.All.Count}").Length > 0,
            () => $"the link and the pins to be counted:\n{node.Agent.MetricsOf("ebpflb_repairs_total")}\n{node.Agent.EndOfLog}");
        var metrics = node.Agent.Metrics();
        Assert.DoesNotContain("ebpflb_verify_differences_total{stage=\"kernel\"} 0\n", metrics);
        node.Agent.LogLine("put back: kind=Link connect4");
    }

    [Fact]
    public void Without_an_agent_the_pinned_maps_are_compared_with_each_other()
    {
        using var node = new TestNode();
        node.Publish("a");
        node.Agent.Terminate();
        // What the agent left to retire is in no list any more, and rightly told.
        var before = node.Agent.Json("verify");
        Assert.Equal("maps", before.GetProperty("origin").GetString());

        using (
            var backends = BpfMap.OpenPinned<uint, LbBackend>(Path.Combine(BpfFs.InstancePath(node.Agent.Instance), "maps", "lb_backends")))
            backends.Update(3000, new LbBackend { ServiceId = 4000 });

        var (code, output) = node.Agent.Command("verify");
        Assert.True(code == 1, output);
        Assert.Contains("lb_backends 3000", output);
    }

    private static LoadReport Connect(TestNode node, TestService service)
        => node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 1 });

    private static void Empty(TestNode node, string? but = null)
    {
        using var services = BpfMap.OpenPinned<LbFrontend4, LbService>(
            Path.Combine(BpfFs.InstancePath(node.Agent.Instance), "maps", "lb_services4"));
        foreach (var key in services.Keys())
            if (new IPAddress(BitConverter.GetBytes(key.Addr.Raw)).ToString() != but) services.Delete(key);
    }
}
