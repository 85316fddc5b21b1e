using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Tests.Options;

public sealed class MapSizesTests
{
    [Fact]
    public void A_machine_of_4_GiB_gets_full_tables()
    {
        Assert.Equal(new MapSizes(65_536, 65_536, 262_144, 524_288, 65_536, 16_384), MapSizes.ForMachine(4L << 30, 2));
    }

    [Fact]
    public void A_small_machine_gets_an_eighth()
    {
        Assert.Equal(new MapSizes(8_192, 8_192, 32_768, 65_536, 8_192, 2_048), MapSizes.ForMachine(256L << 20, 2));
    }

    [Fact]
    public void Counters_per_cpu_take_at_most_a_hundredth_of_the_memory()
    {
        var sizes = MapSizes.ForMachine(8L << 30, 256);

        Assert.Equal(10_485u, sizes.Services);
        Assert.Equal(65_536u, sizes.Frontends);
    }

    [Theory]
    [InlineData("default", true)]
    [InlineData("node-1_a", true)]
    [InlineData("", false)]
    [InlineData("a.b", false)]
    [InlineData("../x", false)]
    public void Instances_are_names_of_directories(string name, bool valid)
    {
        Assert.Equal(valid, InstancePaths.IsValidInstance(name));
    }
}
