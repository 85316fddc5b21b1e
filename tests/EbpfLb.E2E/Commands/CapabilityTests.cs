using System.Text.RegularExpressions;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Commands;

/// <summary>
/// The capabilities of docs/operations.md: with all of them nothing is missing, and each is needed for what the table says.
/// </summary>
public sealed partial class CapabilityTests : IDisposable
{
    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly ManifestDirectory manifests = new();
    private readonly NodeNetns node;
    private AgentProcess? agent;

    public CapabilityTests()
    {
        node = topology.AddNode();
        topology.AddRouter().Connect(node);
        node.AddPod("a");
    }

    public void Dispose()
    {
        agent?.Dispose();
        topology.Dispose();
        manifests.Dispose();
    }

    /// <summary>Of the first table there, "CAP_BPF" and so on.</summary>
    private static string[] Documented() => [
        .. Row().Matches(File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs/operations.md"))).Select(m => m.Groups["name"].Value)];

    [Fact]
    public void With_the_documented_capabilities_an_agent_does_all_that_root_does()
    {
        Start(Documented());

        // Where tests themselves may not lower a score, nobody they start may.
        var lines = agent!.Log.Split('\n').Where(l => !l.Contains("OOM score", StringComparison.Ordinal) || HasSysResource());
        Assert.True(!lines.Any(IsAboutRights), agent.Log);
        Assert.DoesNotContain(agent.Json("status").GetProperty("warnings").EnumerateArray().Select(w => w.GetString()!), IsAboutRights);
    }

    [Theory]
    [InlineData("CAP_BPF", "Cannot start", "CAP_SYS_ADMIN")]
    [InlineData("CAP_PERFMON", "Cannot start", "CAP_SYS_ADMIN")]
    [InlineData("CAP_NET_ADMIN", "Cannot start", "CAP_SYS_ADMIN")]
    [InlineData("CAP_SYS_ADMIN", "Addresses of clients not up to date")]
    [InlineData("CAP_NET_BROADCAST", "Notifications of new network namespaces unavailable")]
    [InlineData("CAP_SYS_RESOURCE", "OOM score not set")]
    public void Each_of_them_is_needed(string capability, string missing, string? contains = null)
    {
        Assert.Contains(capability, Documented());
        Begin([.. Documented().Where(c => c != capability && c != contains)]);

        Eventually.True(
            () => agent!.Log.Split('\n').Any(l
                => l.Contains(missing, StringComparison.Ordinal) && l.Contains(capability, StringComparison.Ordinal)),
            () => $"'{missing}' and {capability} in a line. Log of the agent:\n{agent!.Log}");
    }

    /// <summary>Processes of pods have capabilities that the agent lacks: to look at one takes ptrace_may_access().</summary>
    [Fact]
    public void Without_CAP_SYS_PTRACE_namespaces_that_only_processes_hold_are_not_found()
    {
        // This process stands for one of a pod: it has capabilities that are not in the list.
        Assert.Equal(0, Readlink(Documented()));
        Assert.NotEqual(0, Readlink([.. Documented().Where(c => c != "CAP_SYS_PTRACE")]));

        int Readlink(string[] capabilities) => ChildProcess.Run(node.Place with { CgroupPath = null },
            [.. Limit(capabilities), RepositoryPaths.Tool("readlink"), $"/proc/{Environment.ProcessId}/ns/net"]).ExitCode;
    }

    [Fact]
    public void The_message_for_those_without_rights_and_the_document_name_the_same()
        => Assert.Equal(Documented(), EbpfLb.Bpf.Privileges.Capabilities);

    private void Start(string[] capabilities)
    {
        Begin(capabilities);
        agent!.WaitUntilReady();
    }

    private void Begin(string[] capabilities)
        => agent = AgentProcess.Begin(new AgentOptions(TestNode.Binary, node, "--manifests", manifests.Path)
    {
        Prefix = Limit(capabilities),
        Extra = ["--oom-score-adj", "-999"],
    });

    private static string[] Limit(string[] capabilities)
        => [RepositoryPaths.Tool("setpriv"), "--inh-caps=-all",
            $"--bounding-set=-all{string.Concat(capabilities.Select(c => $",+{c[4..].ToLowerInvariant()}"))}", "--"];

    private static bool HasSysResource()
    {
        var effective = File.ReadLines("/proc/self/status").Single(l => l.StartsWith("CapEff:", StringComparison.Ordinal))[7..].Trim();
        return (Convert.ToUInt64(effective, 16) >> 24 & 1) != 0;
    }

    private static bool IsAboutRights(string line)
        => line.Contains("CAP_", StringComparison.Ordinal) || line.Contains("EPERM", StringComparison.Ordinal)
            || line.Contains("not permitted", StringComparison.Ordinal);

    [GeneratedRegex(@"^\| `(?<name>CAP_[A-Z_]+)` \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}
