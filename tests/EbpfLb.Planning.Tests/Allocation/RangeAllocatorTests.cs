using EbpfLb.Planning.Allocation;
using FsCheck;
using FsCheck.Fluent;

namespace EbpfLb.Planning.Tests.Allocation;

public sealed class RangeAllocatorTests
{
    [Fact]
    public void While_the_reserve_is_in_use_all_other_holes_may_be_taken()
    {
        var ranges = new RangeAllocator(128, reserve: 64);
        Assert.True(ranges.TryTake(32, out var first) && ranges.TryTake(32, out _));
        ranges.Free(first, 32);
        Assert.False(ranges.TryTake(40, out _));
        Assert.True(ranges.TryTake(40, out _, mayUseReserve: true));

        Assert.True(ranges.CanTake(8));
        Assert.True(ranges.TryTake(8, out var small));

        Assert.Equal((104u, 32u), (small, ranges.LongestHole));
        Assert.False(ranges.TryTake(32, out _));
    }

    [Fact]
    public void Ranges_never_overlap_and_everything_given_back_is_one_hole_again() => Prop.ForAll(Histories.Any, codes =>
    {
        var ranges = new RangeAllocator(256);
        List<(uint First, uint Count)> taken = [];
        foreach (var code in codes)
        {
            var random = new Random(code);
            var count = random.Next(1, 20);
            if (random.Next(3) > 0 && ranges.TryTake(count, out var first)) taken.Add((first, (uint)count));
            else if (taken.Count > 0)
            {
                var gone = taken[random.Next(taken.Count)];
                taken.Remove(gone);
                ranges.Free(gone.First, gone.Count);
            }
            var used = taken.SelectMany(t => Enumerable.Range((int)t.First, (int)t.Count)).ToArray();
            Assert.Equal(used.Length, used.Distinct().Count());
            Assert.True(used.Length == 0 || used.Max() < 256);
            Assert.InRange(ranges.Holes, 0, taken.Count + 1);
        }
        foreach (var (first, count) in taken) ranges.Free(first, count);
        Assert.Equal((1, 0), (ranges.Holes, ranges.Used));
        Assert.True(ranges.TryTake(256, out _));
    }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void A_list_that_grows_by_one_finds_the_hole_of_its_kind()
    {
        var ranges = new RangeAllocator(64);
        ranges.TryTake(5, out var first);
        ranges.TryTake(5, out _);
        ranges.Free(first, 5);

        Assert.True(ranges.TryTake(6, out var again));
        Assert.Equal(first, again);
    }

    [Theory]
    [InlineData(4u, 4u, true)]
    [InlineData(8u, 60u, false)]
    [InlineData(2u, 4u, false)]
    [InlineData(0u, 0u, false)]
    [InlineData(16u, 1u, false)]
    [InlineData(uint.MaxValue - 3, 4u, false)]
    [InlineData(0u, uint.MaxValue, false)]
    public void A_found_range_is_taken_only_when_it_is_free_and_ours(uint first, uint count, bool expected)
    {
        var ranges = new RangeAllocator(64);
        Assert.True(ranges.TryReserve(16, 4));

        Assert.Equal(expected, ranges.TryReserve(first, count));
    }

    [Fact]
    public void Giving_back_what_is_free_is_a_mistake_of_the_program()
    {
        var ranges = new RangeAllocator(64);

        Assert.Throws<InvalidOperationException>(() => ranges.Free(0, 4));
    }

    /// <summary>
    /// Lists of all lengths grow and shrink, come and go, each written beside its old one. Nothing is ever moved, so this is what says that
    /// the list of a Service with 10,000 endpoints finds room all the same. With the default size half is filled when all backends are in
    /// use.
    /// </summary>
    [Theory]
    [InlineData(50)]
    [InlineData(60)]
    public void After_months_of_churn_the_longest_lists_still_fit(int percentFull)
    {
        var (ranges, random) = (new RangeAllocator(1_048_576), new Random(7));
        var full = ranges.Capacity / 100 * percentFull;
        List<(uint First, int Count)> lists = [];
        while (ranges.Used < full) lists.Add(Take(ranges, Length(random)));

        for (var change = 0; change < 300_000; change++)
        {
            var at = random.Next(lists.Count);
            // Mostly an endpoint more or less; now and then a Service that goes, and another that comes.
            var count = random.Next(10) > 0 ? Math.Max(1, lists[at].Count + random.Next(-2, 3)) : ranges.Used > full ? 1 : Length(random);
            var next = Take(ranges, count);
            ranges.Free(lists[at].First, (uint)lists[at].Count);
            lists[at] = next;
        }

        for (var i = 0; i < 3; i++) Take(ranges, 10_000);
        Assert.InRange(ranges.Holes, 1, lists.Count / 4);
    }

    /// <summary>As Services are: most have a few endpoints, few have thousands.</summary>
    private static int Length(Random random) => (int)(3 / Math.Pow(random.NextDouble() + 0.0004, 1));

    private static (uint First, int Count) Take(RangeAllocator ranges, int count)
    {
        Assert.True(ranges.TryTake(count, out var first),
            $"a list of {count} finds no room: {ranges.Used} of {ranges.Capacity} slots are taken, {ranges.Holes} holes");
        return (first, count);
    }
}
