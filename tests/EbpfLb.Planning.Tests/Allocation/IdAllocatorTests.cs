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
}
