using System.Globalization;
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
    [InlineData(TableSize.Services, 1u << 24, 256, int.MaxValue,
        "--max-services 16777216 is too large: lb_svc_stats would have 4294967296 entries, and a map of its kind has 2147483647 at most "
            + "(256 for each, as there are CPUs); give 8388607 or less")]
    [InlineData(TableSize.Services, 1u << 24, 300, int.MaxValue,
        "--max-services 16777216 is too large: lb_svc_stats would have 5033164800 entries, and a map of its kind has 2147483647 at most "
            + "(300 for each, as there are CPUs); give 7158278 or less")]
    [InlineData(TableSize.Flows, uint.MaxValue, 4, 1u << 27,
        "--max-flows 4294967295 is too large: lb_conntrack4 would have 8589934590 entries, and a map of its kind has 134217728 at most "
            + "(2 for each); give 67108864 or less")]
    [InlineData(TableSize.Frontends, (1u << 27) + 1, 4, 1u << 27,
        "--max-frontends 134217729 is too large: lb_services4 would have 134217729 entries, and a map of its kind has 134217728 at most; "
            + "give 134217728 or less")]
    [InlineData(TableSize.Affinity, (1u << 27) + 1, 4, 1u << 27,
        "--max-affinity 134217729 is too large: lb_affinity would have 134217729 entries, and a map of its kind has 134217728 at most; "
            + "give 134217728 or less")]
    public void A_size_that_no_map_can_have_names_option_limit_and_remedy(TableSize size, uint asked, int cpus, uint most, string problem)
    {
        var sizes = MapSizes.ForMachine(8L << 30, 4).With(size, asked);
        var all = TableSpec.All.Where(spec => spec.Size == size).Select(spec => spec.Problem(sizes, new MapCpus(cpus, cpus), most));
        Assert.Equal(problem, all.First(p => p is not null));
    }

    [Fact]
    public void The_size_that_a_refusal_advises_is_the_largest_that_fits()
    {
        var sizes = MapSizes.ForMachine(8L << 30, 4);
        foreach (var spec in TableSpec.All.Where(spec => spec.Size is not null))
        {
            const uint most = 5_000_000;
            var problem = spec.Problem(sizes.With(spec.Size!.Value, 1u << 31), Cpus, most);
            var advised = uint.Parse(problem!.Split("give ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
            Assert.Null(spec.Problem(sizes.With(spec.Size.Value, advised), Cpus, most));
            Assert.NotNull(spec.Problem(sizes.With(spec.Size.Value, advised + 1), Cpus, most));
        }
    }

    [Fact]
    public void Sizes_by_default_fit_on_the_largest_machines()
    {
        foreach (var cpus in (int[])[1, 2, 256, 8192])
        {
            var sizes = MapSizes.ForMachine(64L << 40, cpus);
            Assert.All(TableSpec.All, spec => Assert.Null(spec.Problem(sizes, new MapCpus(cpus, cpus), int.MaxValue)));
        }
    }

    /// <summary>Else the kernel forgets clients of all services where one CPU has no entry free (docs/decisions/0016).</summary>
    [Theory]
    [InlineData(2, 65_536)]
    [InlineData(128, 65_536)]
    [InlineData(256, 81_920)]
    public void Clients_of_session_affinity_have_their_seats_beside_what_the_kernel_keeps_free_on_each_CPU(int cpus, uint entries)
    {
        var sizes = MapSizes.ForMachine(8L << 30, cpus);

        Assert.Equal(entries, TableSpec.Find("lb_affinity")!.Entries(sizes, new MapCpus(cpus, cpus)));
        Assert.Equal(65_536u / 4 * 3, sizes.AffinityRows * 8);
    }

    [Fact]
    public void Counts_of_traffic_take_room_only_where_they_are_asked_for()
    {
        var spec = TableSpec.Find("lb_traffic")!;
        var sizes = MapSizes.ForMachine(8L << 30, 4);
        Assert.Equal(1ul, spec.Entries(sizes, Cpus));
        Assert.Equal(6ul * (sizes.Services + sizes.Backends), spec.Entries(sizes with { CountsTraffic = true }, Cpus));
    }

    [Fact]
    public void Counts_of_traffic_that_no_map_can_have_name_the_option_that_asks_for_them_and_the_sizes()
    {
        var sizes = MapSizes.ForMachine(8L << 30, 4) with { CountsTraffic = true, Services = 1_000_000, Backends = 9_000_000 };
        Assert.Equal(
            "--traffic-counts needs too much: lb_traffic would have 2560000000 entries, and a map of its kind has 2147483647 at most "
                + "(256 for each service port and backend, as there are CPUs); start the agent with a smaller --max-services or "
                + "--max-backends, or without --traffic-counts",
            TableSpec.Find("lb_traffic")!.Problem(sizes, new MapCpus(256, 256), int.MaxValue));
    }

    [Fact]
    public void Each_map_that_an_option_enlarges_says_how_to_make_it_smaller()
    {
        var before = MapSizes.ForMachine(8L << 30, 4) with { CountsTraffic = true };
        foreach (var size in Enum.GetValues<TableSize>())
        {
            var after = before.With(size, 1 << 23);
            var larger = TableSpec.All.Where(spec => spec.Entries(after, Cpus) > spec.Entries(before, Cpus));
            Assert.All(larger, spec => Assert.Contains(size.Option(), spec.Remedy, StringComparison.Ordinal));
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
