
namespace EbpfLb.Planning.Tests;

public sealed class MapSizesTests
{
    [Fact]
    public void A_machine_of_4_GiB_gets_full_tables()
    {
        Assert.Equal(
            new MapSizes(131_072, 131_072, 524_288, 1_048_576, 65_536, 16_384) 
            {
                Flows = 65_536, Fragments = 4_096, SourceRanges = 32_768, MaglevPlaces = 1_048_576,
            },
            MapSizes.ForMachine(4L << 30, 2));
    }

    [Fact]
    public void A_small_machine_gets_an_eighth()
    {
        Assert.Equal(
            new MapSizes(16_384, 16_384, 65_536, 131_072, 8_192, 2_048) 
            {
                Flows = 4_096, Fragments = 512, SourceRanges = 4_096, MaglevPlaces = 131_072,
            },
            MapSizes.ForMachine(256L << 20, 2));
    }

    [Theory]
    [InlineData(8L << 30, 131_072, 262_144, 98_304)]
    [InlineData(512L << 30, 131_072, 262_144, 98_304)]
    [InlineData(3L << 30, 49_152, 98_304, 36_864)]
    [InlineData(64L << 20, 4_096, 8_192, 3_072)]
    public void Flows_follow_the_memory_with_two_entries_each_and_three_quarters_that_may_give_way(
        long memory, int flows, int entries, int pending)
    {
        var sizes = MapSizes.ForMachine(memory, 2);

        Assert.Equal((flows, entries, pending), ((int)sizes.Flows, (int)sizes.FlowEntries, (int)sizes.PendingFlows));
    }

    [Fact]
    public void Counters_per_cpu_take_at_most_a_hundredth_of_the_memory()
    {
        var sizes = MapSizes.ForMachine(8L << 30, 256);

        Assert.Equal(10_485u, sizes.Services);
        Assert.Equal(131_072u, sizes.Frontends);
    }

    [Theory]
    [InlineData(1024, 2, 1280)]
    [InlineData(1024, 64, 9216)]
    public void Maps_that_forget_have_room_for_what_the_kernel_keeps_free_on_each_cpu(uint held, int cpus, uint entries)
        => Assert.Equal(entries, MapSizes.LruEntries(held, cpus));
}
