using EbpfLb.Bpf;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Cgroups;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests;

/// <summary>What tests make on the machine can be removed when their process was killed before it could.</summary>
public sealed class TestInstanceTests
{
    [Fact]
    public void What_a_killed_process_left_of_its_instances_is_removed_and_what_lives_stays()
    {
        using var instance = new TestInstance();
        var own = instance.Options.Instance;
        using var ended = ChildProcess.Start(new ProcessPlace(null, null), ["true"]);
        var pid = ended.Id;
        ended.WaitForExit();
        var left = own.Replace($"{Environment.ProcessId}", $"{pid}", StringComparison.Ordinal);
        var cgroup = CgroupScope.Create(left);
        var pins = new InstancePathsOf(left);
        using (var map = BpfMap.Create(new MapSpec("left", MapType.Array, 4, 4, 1)))
        {
            foreach (var directory in pins.All)
            {
                Directory.CreateDirectory(directory);
                Pin.Add(map.Fd, Path.Combine(directory, "map"));
            }
        }

        Leftovers.RemoveOfDeadProcesses();

        Assert.False(Directory.Exists(cgroup.Path));
        Assert.All(pins.All, directory => Assert.False(Directory.Exists(directory), directory));
        Assert.True(Directory.Exists(instance.Cgroup.Path));
    }

    /// <summary>Where tests pin: as an agent does, and in a directory beside those.</summary>
    private sealed record InstancePathsOf(string Name)
    {
        public IReadOnlyList<string> All => [BpfFs.InstancePath(Name), Path.Combine(BpfFs.MountPoint, Name)];
    }
}
