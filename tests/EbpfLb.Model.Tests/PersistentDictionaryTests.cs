namespace EbpfLb.Model.Tests;

public sealed class PersistentDictionaryTests
{
    private static readonly PersistentDictionary<int, string> Empty = PersistentDictionary.Empty<int, string>();

    [Fact]
    public void A_random_history_holds_what_a_sorted_dictionary_holds()
    {
        var random = new Random(1);
        for (var run = 0; run < 50; run++)
        {
            var expected = new SortedDictionary<int, string>();
            var map = Empty;
            for (var i = 0; i < 200; i++)
            {
                var key = random.Next(60);
                if (random.Next(3) == 0)
                {
                    expected.Remove(key);
                    map = map.Remove(key);
                }
                else
                {
                    var value = $"{i}";
                    expected[key] = value;
                    map = map.Set(key, value);
                }
                AssertHolds(expected, map);
            }
        }
    }

    [Fact]
    public void Many_changes_at_once_do_what_they_do_one_by_one()
    {
        var random = new Random(2);
        for (var run = 0; run < 200; run++)
        {
            var map = Random(random, 300);
            var changes = new Dictionary<int, string?>();
            for (var i = random.Next(250); i > 0; i--) changes[random.Next(400)] = random.Next(3) == 0 ? null : $"new {i}";
            var expected = new SortedDictionary<int, string>(map.ToDictionary(p => p.Key, p => p.Value));
            foreach (var (key, value) in changes)
            {
                if (value is null) expected.Remove(key);
                else expected[key] = value;
            }
            AssertHolds(expected, map.With(changes));
        }
    }

    [Fact]
    public void A_growing_map_has_the_first_entries_so_many_more_each_time_and_ends_as_itself()
    {
        var random = new Random(5);
        for (var run = 0; run < 200; run++)
        {
            var map = Random(random, random.Next(200));
            var step = 1 + random.Next(60);
            var parts = map.Growing(step).ToList();

            Assert.Equal(Math.Max(1, (map.Count + step - 1) / step), parts.Count);
            Assert.Same(map, parts[^1]);
            for (var i = 0; i < parts.Count; i++)
                AssertHolds(new SortedDictionary<int, string>(map.Take((i + 1) * step).ToDictionary(p => p.Key, p => p.Value)), parts[i]);
            for (var i = 1; i < parts.Count; i++)
                Assert.Equal(map.Skip(i * step).Take(step).Select(p => p.Key), parts[i].DifferencesFrom(parts[i - 1]).Select(d => d.Key));
        }
    }

    [Fact]
    public void Differences_are_those_of_a_comparison_key_by_key()
    {
        var random = new Random(3);
        for (var run = 0; run < 200; run++)
        {
            var before = Random(random, random.Next(200));
            var after = random.Next(4) == 0 ? Random(random, random.Next(200)) : before;
            for (var i = random.Next(20); i > 0; i--)
                after = random.Next(2) == 0 ? after.Remove(random.Next(200)) : after.Set(random.Next(200), $"other {i}");
            var expected = before.Keys.Union(after.Keys).Order()
                .Select(k => new MapDifference<int, string>(k, before.Find(k), after.Find(k)))
                .Where(d => !ReferenceEquals(d.Before, d.After));
            Assert.Equal(expected, after.DifferencesFrom(before));
        }
    }

    [Fact]
    public void A_change_and_its_reversal_leave_no_difference()
    {
        var before = Random(new Random(4), 1000);
        var value = before[before.Keys.First()];
        var after = before.Remove(before.Keys.First()).Set(before.Keys.First(), value);
        Assert.Empty(after.DifferencesFrom(before));
    }

    [Fact]
    public void What_changes_nothing_returns_the_same_map()
    {
        var map = Empty.Set(1, "one");
        Assert.Same(map, map.Set(1, map[1]));
        Assert.Same(map, map.Remove(2));
        Assert.Same(map, map.With(new Dictionary<int, string?>()));
    }

    [Fact]
    public void Entries_behind_a_key_are_found_whether_it_is_there_or_not()
    {
        var map = Empty.Set(1, "one").Set(3, "three").Set(5, "five");
        Assert.Equal([3, 5], map.After(1).Select(p => p.Key));
        Assert.Equal([3, 5], map.After(2).Select(p => p.Key));
        Assert.Empty(map.After(5));
        Assert.Equal([1, 3, 5], map.After(0).Select(p => p.Key));
    }

    [Fact]
    public void A_change_and_its_comparison_cost_the_same_however_large_the_map_is()
    {
        var map = Empty.With(Enumerable.Range(0, 100_000).ToDictionary(i => i, string? (i) => $"{i}"));
        var values = Enumerable.Range(0, 100).Select(i => $"new {i}").ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var value in values)
        {
            var next = map.Set(value[^1] * 997, value);
            Assert.Single(next.DifferencesFrom(map));
            map = next;
        }
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / values.Length, 1, 8 * 1024);
    }

    private static PersistentDictionary<int, string> Random(Random random, int count)
    {
        var map = Empty;
        for (var i = 0; i < count; i++) map = map.Set(random.Next(300), $"{i}");
        return map;
    }

    private static void AssertHolds(SortedDictionary<int, string> expected, PersistentDictionary<int, string> map)
    {
        Assert.Equal(expected, map);
        Assert.Equal(expected.Count, map.Count);
        foreach (var (key, value) in expected) Assert.Same(value, map.Find(key));
        Assert.Null(map.Find(1000));
    }
}
