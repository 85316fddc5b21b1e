namespace EbpfLb.Bpf.Tests.Maps;

public sealed class BatchTests
{
    [Fact]
    public void A_batch_writes_reads_and_removes_many_elements()
    {
        using var map = Create(MapType.Hash, 10_000);
        var keys = Numbers(10_000);

        Assert.Equal(new BatchResult(10_000, Errno.None), map.UpdateBatch(keys, Pairs(keys)));

        Assert.Equal(keys, map.Entries(100).Select(entry => entry.Key).Order());
        Assert.All(map.Entries(), entry => Assert.Equal(new Pair(entry.Key, entry.Key + 1), entry.Value));
        Assert.Equal(new BatchResult(10_000, Errno.None), map.DeleteBatch(keys));
        Assert.Empty(map.Entries());
    }

    [Fact]
    public void A_batch_that_does_not_fit_says_how_far_it_came()
    {
        using var map = Create(MapType.Hash, 5);
        var keys = Numbers(8);

        var result = map.UpdateBatch(keys, Pairs(keys));

        Assert.Equal(new BatchResult(5, Errno.E2BIG), result);
        Assert.Equal(keys[..5], map.Keys().Order());
        var error = Assert.Throws<BpfException>(() => result.ThrowIfPartial("update map", map.Name));
        Assert.True(error.IsMapFull);
        Assert.Contains("5 elements went well", error.Message);
    }

    [Fact]
    public void Removing_stops_at_the_first_missing_key()
    {
        using var map = Create(MapType.Hash, 10);
        map.UpdateBatch([1, 2, 3], Pairs([1, 2, 3]));

        var result = map.DeleteBatch([1, 7, 2]);

        Assert.Equal(new BatchResult(1, Errno.ENOENT), result);
        Assert.Equal([2u, 3u], map.Keys().Order());
    }

    [Fact]
    public void What_the_kernel_cannot_batch_goes_one_by_one()
    {
        // Batches take no flag: EEXIST can only come from single updates.
        using var map = Create(MapType.Hash, 10);
        map.Update(3, default);

        var result = map.UpdateBatch([1, 2, 3, 4], Pairs([1, 2, 3, 4]), UpdateMode.NoExist);

        Assert.Equal(new BatchResult(2, Errno.EEXIST), result);
        Assert.Equal([1u, 2u, 3u], map.Keys().Order());
    }

    [Fact]
    public void A_map_without_batches_is_read_and_written_all_the_same()
    {
        // Arrays of maps have batch reads, but BPF_MAP_TYPE_QUEUE-like kinds have none; DEVMAP_HASH is one with keys.
        using var map = new BpfMap<uint, uint>(BpfMap.Create(new MapSpec("lb_test", MapType.DevMapHash, 4, 4, 4)));

        Assert.Equal(new BatchResult(2, Errno.None), map.UpdateBatch([10, 20], [1, 1]));

        Assert.Equal([10u, 20u], map.Entries().Select(entry => entry.Key).Order());
        Assert.Equal(new BatchResult(1, Errno.ENOENT), map.DeleteBatch([10, 11]));
        Assert.Equal([20u], map.Keys());
    }

    [Fact]
    public void An_element_that_is_wrong_in_itself_stops_the_batch_there()
    {
        // An LPM prefix longer than the key is EINVAL, the same number that an unknown command has.
        using var map = new BpfMap<ulong, uint>(
            BpfMap.Create(new MapSpec("lb_test", MapType.LpmTrie, 8, 4, 10, MapFlags.NoPrealloc)));

        var result = map.UpdateBatch([8, 16, 99, 24], [1, 2, 3, 4]);

        Assert.Equal(new BatchResult(2, Errno.EINVAL), result);
    }

    [Fact]
    public void A_bucket_larger_than_the_buffer_is_read()
    {
        using var map = Create(MapType.Hash, 2000);
        var keys = Numbers(2000);
        map.UpdateBatch(keys, Pairs(keys));

        Assert.Equal(keys, map.Entries(batchSize: 1).Select(entry => entry.Key).Order());
    }

    [Fact]
    public void An_array_is_read_whole()
    {
        using var map = Create(MapType.Array, 1000);
        map.Update(999, new Pair(1, 2));

        var entries = map.Entries(64);

        Assert.Equal(Numbers(1000), entries.Select(entry => entry.Key));
        Assert.Equal(new Pair(1, 2), entries[999].Value);
    }

    [Fact]
    public void An_empty_batch_does_nothing()
    {
        using var map = Create(MapType.Hash, 1);

        Assert.Equal(new BatchResult(0, Errno.None), map.UpdateBatch([], []));
        Assert.Equal(new BatchResult(0, Errno.None), map.DeleteBatch([]));
    }

    private static BpfMap<uint, Pair> Create(MapType type, uint maxEntries) =>
        new(BpfMap.Create(new MapSpec("lb_test", type, 4, 8, maxEntries)));

    private static uint[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => (uint)i)];

    private static Pair[] Pairs(uint[] keys) => [.. keys.Select(key => new Pair(key, key + 1))];
}
