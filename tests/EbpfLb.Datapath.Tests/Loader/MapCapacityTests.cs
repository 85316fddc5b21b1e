using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;
using EbpfLb.Planning;

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

    /// <summary>Of an agent with these sizes, which leaves no map behind.</summary>
    private static string Refusal(MapSizes sizes)
    {
        using var instance = new TestInstance();
        instance.Options = instance.Options with { Sizes = sizes };
        var refusal = Assert.Throws<InvalidOperationException>(() => instance.Open());
        var maps = Path.Combine(EbpfLb.Testing.Agents.BpfFs.InstancePath(instance.Options.Instance), "maps");
        Assert.True(!Directory.Exists(maps) || Directory.GetFileSystemEntries(maps).Length == 0, "maps were left behind");
        return refusal.Message;
    }
}
