using EbpfLb.Model;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Planning.Tests.Tables;

public sealed class TableSpecTests
{
    private static readonly MapCpus Cpus = new(Possible: 4, Numbers: 6);

    [Fact]
    public void A_map_has_one_row_and_some_entries()
    {
        var sizes = MapSizes.ForMachine(8L << 30, 4);
        Assert.Equal(TableSpec.All.Count, TableSpec.All.Select(spec => spec.Table.Name).Distinct().Count());
        Assert.All(TableSpec.All, spec => Assert.True(spec.Entries(sizes, Cpus) > 0, spec.Table.Name));
    }

    [Fact]
    public void Each_size_enlarges_the_maps_that_name_its_option_and_no_others()
    {
        var before = MapSizes.ForMachine(8L << 30, 4);
        foreach (var size in Enum.GetValues<TableSize>())
        {
            var after = before.With(size, 1 << 23);
            var larger = TableSpec.All.Where(spec => spec.Entries(after, Cpus) > spec.Entries(before, Cpus)).ToList();
            Assert.NotEmpty(larger);
            Assert.Equal(TableSpec.All.Where(spec => spec.Size == size), larger);
        }
    }

    [Theory]
    [InlineData("lb_backends", "--max-backends")]
    [InlineData("lb_src_ranges6", "--max-source-ranges")]
    [InlineData("lb_conntrack4", "--max-flows")]
    [InlineData("lb_filter", "")]
    [InlineData("lb_frags", "")]
    public void A_full_map_names_the_option_that_enlarges_it_if_there_is_one(string map, string option)
        => Assert.Equal(option, TableSpec.OptionOf(map));
}
