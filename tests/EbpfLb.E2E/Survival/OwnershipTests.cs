using System.Net;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Survival;

/// <summary>Whoever starts a second agent of an instance, or cleans up beneath one, with whatever run directory, changes nothing.</summary>
public sealed class OwnershipTests : IDisposable
{
    private readonly TestNode node = new();
    private readonly DirectoryInfo otherRun = Directory.CreateTempSubdirectory("ebpflb-other-");
    private readonly DirectoryInfo otherBpfFs = Directory.CreateTempSubdirectory("ebpflb-bpffs-");

    [Fact]
    public void A_second_agent_names_the_first_and_changes_nothing_wherever_it_looks()
    {
        var pins = node.Agent.PinnedIds();

        foreach (var bpfFs in new[] { BpfFs.MountPoint, otherBpfFs.FullName })
        {
            using var second = node.Agent.LaunchOther(otherRun.FullName, bpfFs);
            Assert.Equal(1, second.WaitForExit());
            Assert.Contains($"Cannot start: an agent of instance '{node.Agent.Instance}' runs already: pid {node.Agent.ProcessId}, since ",
                second.Output);
            Assert.Contains($"run directory {node.Agent.RunDirectory}", second.Output);
        }

        Assert.Equal(pins, node.Agent.PinnedIds());
        Assert.Empty(otherRun.EnumerateFileSystemInfos());
        Assert.Empty(otherBpfFs.EnumerateFileSystemInfos());
    }

    [Fact]
    public void Commands_that_look_in_the_wrong_run_directory_say_so_and_cleanup_refuses()
    {
        var service = node.Publish("a");

        foreach (var verb in new[] { "status", "services", "backends", "verify", "drops" })
        {
            var (_, output) = node.Agent.CommandFrom(otherRun.FullName, verb);
            Assert.Contains($"an agent (pid {node.Agent.ProcessId}, since ", output);
            Assert.Contains($"owns instance '{node.Agent.Instance}'; its control socket is not in "
                    + $"{otherRun.FullName}: give --run-dir {node.Agent.RunDirectory}.",
                output);
        }
        var (code, refusal) = node.Agent.CommandFrom(otherRun.FullName, "cleanup");

        Assert.Equal(1, code);
        Assert.Contains($"an agent owns instance '{node.Agent.Instance}' (pid {node.Agent.ProcessId}, ", refusal);
        Assert.Contains("--force", refusal);
        Assert.True(node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 5 }).IsClean);
    }

    [Fact]
    public void One_that_waits_takes_over_when_the_owner_is_killed()
    {
        var service = node.Publish("a");
        using var second = node.Agent.LaunchOther(otherRun.FullName, extra: ["--owner-wait", "2m"]);
        Eventually.True(() => second.Output.Contains("Waiting for the owner", StringComparison.Ordinal), () => second.Output);
        Assert.True(node.Agent.Health() == HttpStatusCode.OK, node.Agent.Log);

        node.Agent.Kill();

        Eventually.True(() => node.Agent.Health() == HttpStatusCode.OK, () => $"the second to be ready:\n{second.Output}");
        Assert.True(node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv6) with { Count = 5 }).IsClean);
    }

    [Fact]
    public void A_forced_cleanup_says_that_an_agent_which_works_puts_all_back_and_leaves_it_its_control_socket()
    {
        var service = node.Publish("a");

        var (code, output) = node.Agent.Command("cleanup", "--force");

        Assert.True(code == 0, output);
        Assert.Contains("links/connect4", output);
        Assert.Contains("puts all of this back at once; stop it and run this again", output);
        Eventually.True(() => node.Agent.Command("status").ExitCode == 0,
            () => $"the agent to be asked and ready:\n{node.Agent.Command("status").Output}");
        Assert.True(node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 5 }).IsClean);
        Assert.True(File.Exists(Path.Combine(BpfFs.InstancePath(node.Agent.Instance), "links", "connect4")));
    }

    [Fact]
    public void An_owner_that_lost_its_instance_writes_no_more_and_livez_fails()
    {
        var directory = BpfFs.InstancePath(node.Agent.Instance);
        node.Agent.CommandFrom(otherRun.FullName, "cleanup", "--force");
        // Whoever is quicker: this test, or the agent, which puts its pins back.
        Eventually.True(
            () =>
            {
                if (!TryRemove(directory)) return false;
                Directory.CreateDirectory(directory);
                using var locked = Bpf.DirectoryLock.TryTake(directory);
                return locked is not null && Livez() == HttpStatusCode.ServiceUnavailable;
            },
            () => $"/livez to fail. Log of the agent:\n{node.Agent.Log}");

        var (_, status) = node.Agent.Command("status");
        Assert.Contains($"another agent has taken instance '{node.Agent.Instance}' over", status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, node.Agent.Health());
        node.Agent.LogLine("Ownership lost");

        static bool TryRemove(string path)
        {
            try
            {
                if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
                return true;
            }
            catch (IOException)
            {
                // The agent was quicker.
                return false;
            }
        }

        HttpStatusCode? Livez()
        {
            var until = DateTime.UtcNow + TimeSpan.FromSeconds(3);
            HttpStatusCode? last;
            do last = node.Agent.Health("/livez").Status;
            while (last == HttpStatusCode.OK && DateTime.UtcNow < until);
            return last;
        }
    }

    [Fact]
    public void A_file_system_that_ends_with_the_agents_mount_namespace_keeps_it_from_being_ready_unless_allowed()
    {
        node.Agent.Terminate();
        Assert.Equal(0, node.Agent.Command("cleanup").ExitCode);
        string[] apart = ["unshare", "--mount", "--propagation", "private"];
        using (var agent = node.Agent.LaunchOther(otherRun.FullName, otherBpfFs.FullName, apart))
        {
            Eventually.True(() => node.Agent.Health("/readyz").Body.Contains("mount namespace and ends with it", StringComparison.Ordinal),
                () => agent.Output);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, node.Agent.Health());
            foreach (var text in (string[])[$"BPF file system mounted: path={otherBpfFs.FullName}", "--allow-private-bpffs"])
                Eventually.True(() => agent.Output.Contains(text, StringComparison.Ordinal), () => agent.Output);
        }
        using var allowed = node.Agent.LaunchOther(otherRun.FullName, otherBpfFs.FullName, apart, "--allow-private-bpffs");
        Eventually.True(() => node.Agent.Health() == HttpStatusCode.OK, () => allowed.Output);
    }

    public void Dispose()
    {
        node.Dispose();
        // `cleanup --force` removes it with its last file.
        if (Directory.Exists(otherRun.FullName)) otherRun.Delete(recursive: true);
        otherBpfFs.Delete(recursive: true);
    }
}
