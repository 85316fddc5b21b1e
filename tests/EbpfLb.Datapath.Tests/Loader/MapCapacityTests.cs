using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Planning;
using EbpfLb.Planning.Tables;
using EbpfLb.Testing.Agents;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Datapath.Tests.Loader;

/// <summary>A size that is too large ends the start with the option's name, whoever finds that out.</summary>
public sealed class MapCapacityTests
{
    [Fact]
    public void The_kernel_has_no_hash_map_of_more_entries_than_we_let_pass()
    {
        var refusal = Assert.Throws<BpfException>(
            () => BpfMap.Create(new MapSpec("too_large", MapType.Hash, 4, 4, MapCapacity.MostOfHash + 1, MapFlags.NoPrealloc)).Dispose());
        Assert.Equal(Errno.E2BIG, refusal.Errno);
    }

    [Fact]
    public void More_flows_than_a_map_can_have_are_refused_before_anything_is_made()
    {
        var problem = Refusal(TestInstance.Small with { Flows = 100_000_000 });
        Assert.Equal(
            "--max-flows 100000000 is too large: lb_conntrack4 would have 200000000 entries, and a map of its kind has 134217728 at most "
                + "(2 for each); give 67108864 or less", problem);
    }

    [Fact]
    public void More_backends_than_the_machine_has_memory_for_are_refused_with_their_option()
    {
        var problem = Refusal(TestInstance.Small with { Backends = int.MaxValue });
        Assert.StartsWith("the kernel refused lb_backends with 2147483647 entries of ", problem, StringComparison.Ordinal);
        Assert.Contains("ENOMEM", problem, StringComparison.Ordinal);
        Assert.EndsWith("; start the agent with a smaller --max-backends", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void More_counts_of_traffic_than_the_machine_has_memory_for_are_refused_with_their_option()
    {
        using var instance = new TestInstance();
        // As on a machine with thousands of CPUs: here no other map gets large before it.
        const int Cpus = 2_000;
        var sizes = TestInstance.Small with { CountsTraffic = true, Backends = 1_073_000 };
        using var bpf = ProgramLoader.OpenObject([], logger: null);
        foreach (var program in bpf.Programs.Values) program.AutoLoad = false;
        var paths = new InstancePaths(BpfFs.MountPoint, instance.Options.Instance);
        var loader = new MapLoader(paths, sizes, NullLogger.Instance, new MapCpus(2, Cpus));

        var refusal = Assert.Throws<InvalidOperationException>(() => loader.Load(bpf));

        Assert.Equal(
            $"the kernel refused lb_traffic with {(sizes.Services + sizes.Backends) * (long)Cpus} entries of 36 bytes (ENOMEM): the "
                + "machine or the agent's memory cgroup has too little memory for it; start the agent with a smaller --max-services or "
                + "--max-backends, or without --traffic-counts",
            refusal.Message);
    }

    /// <summary>Of an agent with these sizes, which leaves no map behind.</summary>
    private static string Refusal(MapSizes sizes)
    {
        using var instance = new TestInstance();
        instance.Options = instance.Options with { Sizes = sizes };
        var refusal = Assert.Throws<InvalidOperationException>(() => instance.Open());
        var maps = Path.Combine(BpfFs.InstancePath(instance.Options.Instance), "maps");
        Assert.True(!Directory.Exists(maps) || Directory.GetFileSystemEntries(maps).Length == 0, "maps were left behind");
        return refusal.Message;
    }
}
