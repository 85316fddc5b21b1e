namespace EbpfLb.Bpf.Tests.Maps;

public sealed class HashMapTests
{
    [Fact]
    public void Values_are_found_replaced_and_removed()
    {
        using var map = Create(8);

        map.Update(1, new Pair(10, 11));
        map.Update(1, new Pair(20, 21));

        Assert.True(map.TryLookup(1, out var value));
        Assert.Equal(new Pair(20, 21), value);
        Assert.False(map.TryLookup(2, out _));
        Assert.True(map.Delete(1));
        Assert.False(map.Delete(1));
        Assert.Equal(Errno.ENOENT, Assert.Throws<BpfException>(() => map.Lookup(1)).Errno);
    }

    [Fact]
    public void Create_and_replace_can_be_told_apart()
    {
        using var map = Create(8);

        Assert.Equal(Errno.ENOENT, map.TryUpdate(1, default, UpdateMode.Exist));
        Assert.Equal(Errno.None, map.TryUpdate(1, default, UpdateMode.NoExist));
        Assert.Equal(Errno.EEXIST, map.TryUpdate(1, default, UpdateMode.NoExist));
        Assert.Equal(Errno.None, map.TryUpdate(1, default, UpdateMode.Exist));
    }

    [Fact]
    public void A_full_map_says_so()
    {
        using var map = Create(1);
        map.Update(1, default);

        var error = Assert.Throws<BpfException>(() => map.Update(2, default));

        Assert.Equal(Errno.E2BIG, error.Errno);
        Assert.True(error.IsMapFull);
        Assert.Equal("E2BIG", error.ErrnoName);
        Assert.Equal("lb_test", error.ObjectName);
        Assert.Contains("raise max_entries", error.Message);
    }

    [Fact]
    public void A_value_can_be_taken_out()
    {
        using var map = Create(8);
        map.Update(5, new Pair(1, 2));

        Assert.True(map.TryTake(5, out var value));

        Assert.Equal(new Pair(1, 2), value);
        Assert.False(map.TryTake(5, out _));
    }

    [Fact]
    public void All_keys_are_listed()
    {
        using var map = Create(100);
        for (uint i = 0; i < 100; i++)
            map.Update(i, default);

        Assert.Equal(Enumerable.Range(0, 100).Select(i => (uint)i), map.Keys().Order());
    }

    [Fact]
    public void Types_of_other_sizes_are_refused_with_the_sizes()
    {
        var untyped = BpfMap.Create(new MapSpec("lb_test", MapType.Hash, 4, 8, 1));

        var error = Assert.Throws<BpfLayoutException>(() => new BpfMap<ulong, Odd>(untyped));

        Assert.Contains("keys of 4 and values of 8 bytes, but BpfMap<UInt64, Odd> has 8 and 12", error.Message);
        Assert.True(untyped.Fd.IsClosed);
    }

    [Fact]
    public void Info_tells_what_the_kernel_knows()
    {
        using var obj = TestObjects.Load("kinds");

        using var map = obj.OpenMap("t_array");

        Assert.Equal("t_array", map.Info.Name);
        Assert.Equal(MapType.Array, map.Info.Type);
        Assert.Equal(4u, map.Info.KeySize);
        Assert.Equal(8u, map.Info.ValueSize);
        Assert.Equal(1000u, map.Info.MaxEntries);
        Assert.Equal(MapFlags.Mappable, map.Info.Flags);
        Assert.NotEqual(0u, map.Info.BtfId);
        Assert.NotEqual(0u, map.Info.BtfValueTypeId);
    }

    [Fact]
    public void A_map_is_opened_by_its_id()
    {
        using var map = Create(8);
        map.Update(3, new Pair(4, 5));

        using var again = new BpfMap<uint, Pair>(BpfMap.OpenId(map.Info.Id));

        Assert.Equal(new Pair(4, 5), again.Lookup(3));
    }

    [Fact]
    public void A_map_of_maps_shows_the_id_of_the_map_that_was_put_in()
    {
        using var inner = BpfMap.Create(new MapSpec("lb_inner", MapType.Array, 4, 4, 16));
        using var outer = new BpfMap<uint, uint>(
            BpfMap.CreateOuter(new MapSpec("lb_outer", MapType.ArrayOfMaps, 4, 4, 2), inner));

        outer.Update(1, (uint)inner.Fd.Value);

        Assert.Equal(inner.Info.Id, outer.Lookup(1));
        Assert.False(outer.TryLookup(0, out _));
    }

    private static BpfMap<uint, Pair> Create(uint maxEntries) =>
        new(BpfMap.Create(new MapSpec("lb_test", MapType.Hash, 4, 8, maxEntries)));
}
