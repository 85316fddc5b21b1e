
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

    [Theory]
    [InlineData(8L << 30, 128, 83_886, 429)]
    [InlineData(8L << 30, 2, 524_288, 41)]
    [InlineData(1L << 30, 128, 9_011, 53)]
    [InlineData(1L << 30, 1024, 4_096, 268)]
    public void Counts_of_traffic_take_at_most_a_twentieth_of_the_memory_and_leave_room_for_4096_backends(
        long memory, int cpus, uint backends, int megabytes)
    {
        var sizes = MapSizes.ForMachine(memory, cpus).CountingTraffic(memory, cpus);

        Assert.True(sizes.CountsTraffic);
        Assert.Equal(backends, sizes.Backends);
        Assert.Equal(megabytes, (long)sizes.TrafficRows * cpus * 32 / 1_000_000);
        Assert.Equal(MapSizes.ForMachine(memory, cpus) with { CountsTraffic = true, Backends = backends }, sizes);
    }

    [Fact]
    public void Counts_of_traffic_for_which_sizes_were_asked_for_are_warned_of_where_they_take_more()
    {
        var sizes = MapSizes.ForMachine(8L << 30, 128).CountingTraffic(8L << 30, 128);

        Assert.Null(sizes.TrafficProblem(8L << 30, 128));
        Assert.Null((sizes with { Backends = 524_288, CountsTraffic = false }).TrafficProblem(8L << 30, 128));
        Assert.Equal(
            "--traffic-counts (trafficCounts) takes 2129 MiB of this machine's 8192 MiB of memory, 32 bytes for each of 20971 service "
                + "ports and 524288 backends on each of 128 CPUs; give a smaller --max-services and --max-backends, or do without "
                + "the counts",
            (sizes with { Backends = 524_288 }).TrafficProblem(8L << 30, 128));
    }
}
