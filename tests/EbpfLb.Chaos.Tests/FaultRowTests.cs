using EbpfLb.Chaos.Faults;
using EbpfLb.Testing.Cgroups;

namespace EbpfLb.Chaos.Tests;

/// <summary>What `make chaos` says of a fault.</summary>
public sealed class FaultRowTests
{
    private static readonly Fault Memory = Fault.All.Single(f => f.Name == "memory");

    [Fact]
    public void A_fault_that_this_machine_cannot_let_happen_was_not_run()
    {
        var row = FaultRow.Of(Memory, _ => throw new FaultNotRunException("no memory controller"));

        Assert.Equal("| memory | - | - | - | not run: no memory controller |", row.Text);
        Assert.True(row.IsNotRun);
        Assert.Null(row.Failed);
    }

    [Fact]
    public void One_that_was_overcome_is_as_it_should_be_and_one_that_was_not_is_told()
    {
        var overcome = FaultRow.Of(Memory, _ => (TimeSpan.FromSeconds(1.5), 2));
        Assert.EndsWith("| 1.5 s | 2 of 100 | yes |", overcome.Text, StringComparison.Ordinal);
        var failed = FaultRow.Of(Memory, _ => throw new TimeoutException("never"));
        Assert.EndsWith("| NO |", failed.Text, StringComparison.Ordinal);
        Assert.IsType<TimeoutException>(failed.Failed);
    }

    /// <summary>
    /// The files of version 2, in a directory that stands for the agent's cgroup: the machine may have the controller in version 1.
    /// </summary>
    [Fact]
    public void Without_version_1_the_limit_is_written_to_memory_max_of_version_2()
    {
        var parent = Directory.CreateTempSubdirectory("ebpflb-cgroup-");
        try
        {
            var agent = parent.CreateSubdirectory("agent").FullName;
            // The kernel has no such file where the controller is not offered.
            Assert.Null(MemoryCgroup.TryOpen(agent));
            var limit = Path.Combine(agent, "memory.max");
            File.WriteAllText(limit, "max\n");
            File.WriteAllText(Path.Combine(agent, "memory.current"), "20971520\n");

            using (var cgroup = MemoryCgroup.TryOpen(agent)!)
            {
                Assert.Equal(20_971_520, cgroup.Usage);
                Assert.Empty(cgroup.Enter);
                cgroup.Set(20_971_521);
                Assert.Equal("20971521", File.ReadAllText(limit));
            }
            Assert.Equal("max", File.ReadAllText(limit));
        }
        finally
        {
            parent.Delete(recursive: true);
        }
    }
}
