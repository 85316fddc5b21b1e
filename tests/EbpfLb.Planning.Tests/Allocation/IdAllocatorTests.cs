using EbpfLb.Planning.Allocation;

namespace EbpfLb.Planning.Tests.Allocation;

public sealed class IdAllocatorTests
{
    private static uint Take(IdAllocator ids)
    {
        Assert.True(ids.TryTake(out var id));
        return id;
    }

    [Fact]
    public void Ids_start_at_1_and_end_below_the_capacity()
    {
        var ids = new IdAllocator(4);

        Assert.Equal([1u, 2u, 3u], new[] { Take(ids), Take(ids), Take(ids) });
        Assert.False(ids.TryTake(out _));
    }

    [Fact]
    public void An_id_given_back_is_used_after_all_others()
    {
        var ids = new IdAllocator(200);
        Take(ids);
        var second = Take(ids);
        ids.Free(second);

        var next = Enumerable.Range(0, 198).Select(_ => Take(ids)).ToArray();

        Assert.Equal(second, next[^1]);
        Assert.Equal(3u, next[0]);
    }

    [Fact]
    public void After_reserved_ids_the_search_goes_on_behind_them()
    {
        var ids = new IdAllocator(128);
        Assert.True(ids.TryReserve(70));
        Assert.False(ids.TryReserve(70));
        Assert.False(ids.TryReserve(128));
        Assert.False(ids.TryReserve(0));

        Assert.Equal(71u, Take(ids));
    }

    [Fact]
    public void Giving_back_twice_is_a_mistake_of_the_program()
    {
        var ids = new IdAllocator(8);
        var id = Take(ids);
        ids.Free(id);

        Assert.Throws<InvalidOperationException>(() => ids.Free(id));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_table_without_room_gives_none(int capacity) => Assert.False(new IdAllocator(capacity).TryTake(out _));

    /// <summary>
    /// What still remembers an id has as long as all others take to be used up, also where numbers begin anew: an id that was given back
    /// is not given out while another one has been free for longer, but for what lies between it and the cursor.
    /// </summary>
    [Theory]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(127)]
    [InlineData(1000)]
    public void Ids_come_round_many_times_and_none_is_given_out_twice(int capacity)
    {
        var (ids, random) = (new IdAllocator(capacity), new Random(capacity));
        List<uint> taken = [];
        var given = 0;
        var (last, rounds) = (0u, 0);
        var freed = new Dictionary<uint, int>();
        while (rounds < 50)
        {
            if (taken.Count > 0 && (taken.Count >= capacity / 2 || random.Next(2) == 0))
            {
                var gone = taken[random.Next(taken.Count)];
                taken.Remove(gone);
                ids.Free(gone);
                freed[gone] = rounds;
                continue;
            }
            var id = Take(ids);
            Assert.DoesNotContain(id, taken);
            Assert.InRange(id, 1u, (uint)capacity - 1);
            if (id <= last) rounds++;
            // Not in the round in which it was given back, unless the cursor had not come to it yet.
            if (freed.TryGetValue(id, out var round)) Assert.True(round < rounds || id > last);
            last = id;
            taken.Add(id);
            given++;
        }
        Assert.True(given > 20 * capacity);
    }

    [Fact]
    public void After_a_restart_with_the_highest_id_in_use_the_search_begins_at_1()
    {
        var ids = new IdAllocator(128);
        Assert.True(ids.TryReserve(127));
        Assert.True(ids.TryReserve(1));

        Assert.Equal([2u, 3u], new[] { Take(ids), Take(ids) });
    }
}
