namespace EbpfLb.Bpf.Tests.Maps;

public sealed class PerCpuMapTests
{
    [Fact]
    public void A_program_counts_in_the_value_of_its_CPU()
    {
        using var obj = TestObjects.Load("kinds");
        using var map = new PerCpuMap<uint, Odd>(obj.OpenMap("t_percpu"));
        using var program = obj.OpenProgram("count_here");
        ulong context = 0;

        var cpu = program.Call(ref context);

        var values = new Odd[map.CpuCount];
        Assert.True(map.TryLookup(1, values));
        Assert.Equal(1u, values[cpu].C);
        Assert.Equal(1, values.Sum(value => value.C));
    }

    [Fact]
    public void Values_whose_size_is_no_multiple_of_eight_are_spaced_as_the_kernel_does()
    {
        using var map = Create(MapType.PerCpuArray);
        Odd[] values = [.. Enumerable.Range(1, map.CpuCount).Select(i => new Odd((uint)i, (uint)(i * 10), (uint)(i * 100)))];

        map.Update(2, values);

        var read = new Odd[map.CpuCount];
        Assert.True(map.TryLookup(2, read));
        Assert.Equal(values, read);
    }

    [Theory]
    [InlineData(MapType.PerCpuArray)]
    [InlineData(MapType.PerCpuHash)]
    public void All_elements_are_visited(MapType type)
    {
        using var map = Create(type);
        for (uint key = 0; key < 4; key++)
            map.Update(key, [.. Enumerable.Repeat(new Odd(key, 0, 7), map.CpuCount)]);
        Dictionary<uint, Odd[]> seen = [];

        map.Visit((key, values) => seen.Add(key, values.ToArray()), batchSize: 2);

        Assert.Equal([0u, 1u, 2u, 3u], seen.Keys.Order());
        Assert.All(seen, entry => Assert.All(entry.Value, value => Assert.Equal(new Odd(entry.Key, 0, 7), value)));
    }

    [Fact]
    public void A_key_of_a_hash_is_missing_until_it_is_written()
    {
        using var map = Create(MapType.PerCpuHash);
        var values = new Odd[map.CpuCount];

        Assert.False(map.TryLookup(9, values));
        map.Update(9, values, UpdateMode.NoExist);
        Assert.True(map.TryLookup(9, values));
        Assert.True(map.Delete(9));
        Assert.False(map.Delete(9));
    }

    [Fact]
    public void The_wrong_kind_of_view_is_refused_both_ways()
    {
        var one = Assert.Throws<BpfLayoutException>(
            () => new PerCpuMap<uint, Odd>(BpfMap.Create(new MapSpec("lb_test", MapType.Hash, 4, 12, 1))));
        var many = Assert.Throws<BpfLayoutException>(
            () => new BpfMap<uint, Odd>(BpfMap.Create(new MapSpec("lb_test", MapType.PerCpuHash, 4, 12, 1))));

        Assert.Contains("without values per CPU", one.Message);
        Assert.Contains("open it as PerCpuMap", many.Message);
    }

    private static PerCpuMap<uint, Odd> Create(MapType type) => new(BpfMap.Create(new MapSpec("lb_test", type, 4, 12, 4)));
}
