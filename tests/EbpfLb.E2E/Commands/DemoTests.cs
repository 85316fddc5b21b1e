using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Cgroups;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Commands;

/// <summary>The first command of the README: it checks every step itself and ends with 1 when one does not show what it should.</summary>
[Trait("needs", "curl")]
public sealed class DemoTests
{
    private static readonly string Script = Path.Combine(RepositoryPaths.Root, "deploy", "demo", "demo.sh");

    [Fact]
    public void The_demo_shows_what_it_promises_and_removes_everything()
    {
        using var demo = ChildProcess.Start(
            new ProcessPlace(null, null), [Script], new Dictionary<string, string>
            {
                ["EBPFLB_BINARY"] = TestNode.Binary,
                ["DEMO_LAB"] = "demotest",
                ["KEEP"] = "",
            });

        Assert.True(demo.WaitForExit(TimeSpan.FromMinutes(5)) == 0, demo.Output);
        Assert.DoesNotContain("FAILED", demo.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles("/run/netns", "netlab-demotest*"));
        Assert.False(Directory.Exists("/run/ebpflb-netlab/demotest"));
        Assert.False(Directory.Exists(Path.Combine(MountTable.Find("cgroup2") ?? "", "netlab-demotest")));
        Assert.All(["node-1", "node-2"], (string node) => Assert.False(Directory.Exists(BpfFs.InstancePath($"netlab-demotest-{node}"))));
    }
}
