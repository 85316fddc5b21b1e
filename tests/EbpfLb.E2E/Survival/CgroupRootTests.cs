using System.Globalization;
using System.Net;
using EbpfLb.Testing.Cgroups;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Survival;

/// <summary>
/// The directory that the socket hooks are attached to is removed, with all that ran below it, and another one of its name is made: the
/// kernel ends the links of the first. Each test has a node whose cgroup root is a cgroup below the node's.
/// </summary>
public sealed class CgroupRootTests : IDisposable
{
    private readonly TestNode node = new(extra: [], cgroupRoot: "root");

    private CgroupScope Root => node.Node.Cgroup.Child("root");

    private string RootPath => Path.Combine(node.Node.Cgroup.Path, "root");

    [Fact]
    public void Under_a_running_agent_the_hooks_are_put_at_the_new_one_and_meanwhile_it_says_what_is_missing()
    {
        var first = Publish();
        AssertServed(first);
        // The agent is the last that may be below it.
        var aside = node.Node.Cgroup.Child("aside");
        MoveAgent(aside);
        node.Agent.UseCgroup(aside.Path);
        Root.Dispose();

        Eventually.True(() => node.Agent.Health() is not HttpStatusCode.OK, "the agent to see that its cgroup root is missing");
        Eventually.True(
            () => node.Agent.Command("status").Output is var text && text.Contains(RootPath, StringComparison.Ordinal)
                && text.Contains("make it again", StringComparison.Ordinal),
            () => $"status to say what to do: {node.Agent.Command("status").Output}\n{node.Agent.EndOfLog}");
        Assert.Contains(RootPath, node.Agent.Command("verify", "--dry-run").Output, StringComparison.Ordinal);
        // Objects go on to be programmed.
        var second = Publish();
        Eventually.True(
            () => node.Agent.Services().Contains(second.Manifest.Name, StringComparison.Ordinal), "the service to be programmed");

        MoveAgent(Root.Child("agent"));
        node.Agent.WaitUntilReady();

        AssertServed(first);
        AssertServed(second);
        Eventually.True(() => node.Agent.Command("verify", "--dry-run").ExitCode == 0, "everything to be equal");
    }

    [Fact]
    public void While_no_agent_runs_the_next_one_takes_the_new_one()
    {
        var service = Publish();
        AssertServed(service);
        var links = Links();
        node.Agent.Kill();
        Root.Dispose();
        Root.Child("agent");

        node.Agent.Launch();
        node.Agent.WaitUntilReady();

        AssertServed(service);
        Assert.Empty(links.Intersect(Links()));
        Assert.Equal(0, node.Agent.Command("verify", "--dry-run").ExitCode);
    }

    [Fact]
    public void An_agent_that_starts_without_it_ends_and_names_it()
    {
        node.Agent.Kill();
        node.Agent.UseCgroup(node.Node.Cgroup.Child("aside").Path);
        Root.Dispose();

        node.Agent.Launch();

        Assert.Equal(1, node.Agent.WaitUntilEnded());
        Assert.Contains($"--cgroup-root {RootPath} is no directory", node.Agent.Log, StringComparison.Ordinal);
    }

    public void Dispose() => node.Dispose();

    private TestService Publish()
    {
        var service = node.NewService("a", "b");
        node.Manifests.Put(service.Manifest);
        return service;
    }

    /// <summary>From a cgroup below the root that is there now.</summary>
    private void AssertServed(TestService service)
    {
        using var pod = Root.Child("pod");
        using var probe = NetProbe.Start(node.Client.Place with { CgroupPath = pod.Path });
        foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
        {
            Eventually.True(() => probe.Load(service.Load(LoadMode.Tcp, family) with { Count = 1 }).IsClean, "the service to be served");
            Assert.True(probe.Load(service.Load(LoadMode.Tcp, family) with { Count = 20 }).IsClean);
            Assert.True(probe.Load(service.Load(LoadMode.UdpConnected, family) with { Count = 20 }).IsClean);
        }
    }

    /// <summary>Kernel ids of those at sockets.</summary>
    private long[] Links()
        => [.. node.Agent.PinnedIds().Where(id => id.Key.Contains("connect", StringComparison.Ordinal)).Select(id => id.Value)];

    private void MoveAgent(CgroupScope to)
        => File.WriteAllText(Path.Combine(to.Path, "cgroup.procs"), node.Agent.ProcessId.ToString(CultureInfo.InvariantCulture));
}
