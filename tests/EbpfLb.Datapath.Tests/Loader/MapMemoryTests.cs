using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;

namespace EbpfLb.Datapath.Tests.Loader;

public sealed class MapMemoryTests
{
    [Fact]
    public void The_kernel_says_what_a_map_takes()
    {
        using var map = BpfMap.Create(new MapSpec("memory", MapType.Array, 4, 64, 4096));

        Assert.InRange(MapMemory.Of(map)!.Value, 64 * 4096, 2 * 64 * 4096);
        Assert.Equal(2 * MapMemory.Of(map), MapMemory.Of([map, map]));
    }

    [Fact]
    public async Task The_start_says_what_maps_take_and_how_much_of_it_Maglev_tables()
    {
        using var instance = new TestInstance();
        instance.Options = instance.Options with { Sizes = TestInstance.Small with { MaglevPlaces = 1 << 18 } };

        await using var dataplane = instance.Open();

        var line = Assert.Single(instance.Log, l => l.Contains("of kernel memory", StringComparison.Ordinal));
        Assert.Contains(" 1.0 MiB of it for Maglev tables of 262144 places together (--max-maglev-places)", line, StringComparison.Ordinal);
    }
}
