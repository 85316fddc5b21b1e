using EbpfLb.Testing;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Kernel;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Commands;

/// <summary>cleanup removes everything that an agent made, and only when it is told to.</summary>
public sealed class CleanupTests : IDisposable
{
    private readonly TestNode node = new();

    [Contract("13", "--cleanup, --init-only: remove all; prepare the node")]
    [Fact]
    public void Without_an_agent_the_maps_still_answer_and_cleanup_removes_all()
    {
        var service = node.Publish("a");
        Assert.NotEqual(0, node.Agent.Command("cleanup").ExitCode);
        Assert.NotEmpty(Attached());

        node.Agent.Kill();
        Assert.Equal("maps", node.Agent.Json("services").GetProperty("origin").GetString());
        var (code, output) = node.Agent.Command("cleanup");

        Assert.True(code == 0, output);
        Assert.False(Directory.Exists(BpfFs.InstancePath(node.Agent.Instance)));
        Eventually.True(() => Attached().Count == 0, "the kernel to detach the hooks");
        Assert.Equal(["connect/EHOSTUNREACH"], node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 1 }).Errors.Keys);
    }

    [Fact]
    public void After_cleanup_the_agent_starts_afresh()
    {
        var service = node.Publish("a", "b");
        node.Agent.Terminate();
        Assert.Equal(0, node.Agent.Command("cleanup").ExitCode);

        node.Agent.Launch();
        node.Agent.WaitUntilReady();

        Assert.NotEqual(0, node.Agent.FirstPlanOperations());
        var report = node.Probe.Load(service.Load(LoadMode.UdpConnected, Family.IPv6) with { Count = 20 });
        Assert.True(report.IsClean, report.Line);
    }

    /// <summary>A pin takes the place of another under a name in between, which an agent that is killed just then leaves.</summary>
    [Theory]
    [InlineData("rename:/tc/clsact-*1")]
    [InlineData("rename:/tc/qdisc-*1")]
    [InlineData("rename:/links/connect4*1")]
    [InlineData("rename:/maps/lb_sock*1")]
    public void What_an_agent_that_was_killed_had_half_made_goes_too(string step)
    {
        using var other = new TestNode(["--tc-attach", "clsact", "--pod-device", "p-+"]);
        other.Agent.Kill();
        Assert.Equal(0, other.Agent.Command("cleanup").ExitCode);
        other.Agent.LaunchInstead(TestNode.Binary, RepositoryPaths.Netprobe, "killed", step);
        Assert.Equal(128 + 9, other.Agent.WaitUntilEnded());

        var (code, output) = other.Agent.Command("cleanup");

        Assert.True(code == 0, output);
        Assert.False(Directory.Exists(BpfFs.InstancePath(other.Agent.Instance)), output);
    }

    public void Dispose() => node.Dispose();

    private IReadOnlyList<uint> Attached() => BpfIds.AtCgroup(node.Node.Cgroup.Path);
}
