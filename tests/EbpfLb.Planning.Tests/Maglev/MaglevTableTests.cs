using System.Security.Cryptography;
using EbpfLb.Model;
using EbpfLb.Planning.Maglev;
using EbpfLb.Policy;
using FsCheck;
using FsCheck.Fluent;

namespace EbpfLb.Planning.Tests.Maglev;

public sealed class MaglevTableTests
{
    private const int Backends = 100;

    /// <summary>Computed with a second implementation, in another language: nodes of several versions and machines agree on it.</summary>
    private const string KnownTable = "F29C3645F799729F099A0370661CD16B46853E13E33EECD1D794E4DA610A4986";

    private static MaglevBackend[] Equal(int count, ushort weight = 1)
        => [.. Enumerable.Range(1, count).Select(i => Backend($"10.1.{i / 250}.{(i % 250) + 1}", weight))];

    private static MaglevBackend Backend(string address, int weight, ushort port = 8080)
        => new(new BackendAddress(IpAddress.Parse(address), port), (ushort)weight);

    private static int[] Build(MaglevBackend[] backends, int size = MaglevTableSize.Default)
    {
        var table = new int[size];
        MaglevTable.Build(backends, table);
        return table;
    }

    private static int[] Shares(int[] table, int count) => [.. Enumerable.Range(0, count).Select(i => table.Count(e => e == i))];

    [Fact]
    public void A_table_is_the_same_on_every_machine()
    {
        MaglevBackend[] backends = [.. Enumerable.Range(1, 5).Select(i => Backend($"10.1.0.{i}", i))];

        var table = Build(backends, 251);

        Assert.Equal([2, 2, 3, 3, 3, 3, 3, 1, 2, 2, 1, 1], table[..12]);
        Assert.Equal(KnownTable, Convert.ToHexString(SHA256.HashData([.. table.Select(e => (byte)e)])));
    }

    [Fact]
    public void It_is_what_the_paper_writes_down() => Prop.ForAll(Histories.Any, seeds =>
    {
        var random = new Random(seeds.Length == 0 ? 0 : seeds[0]);
        MaglevBackend[] backends = [.. Enumerable.Range(0, random.Next(1, 40)).Select(i => Backend(
            random.Next(2) == 0 ? $"10.{random.Next(4)}.{i}.{random.Next(250)}" : $"fd00::{i:x}:{random.Next(0xffff):x}",
            random.Next(4) switch { 0 => 0, 1 => 1, 2 => random.Next(1, 10), _ => random.Next(1, 65536) },
            (ushort)random.Next(1, 65536)))];
        var size = random.Next(2) == 0 ? 251 : 509;

        Assert.Equal(ReferenceTable.Build(backends, size), Build(backends, size));
    }).Check(Config.QuickThrowOnFailure);

    /// <summary>
    /// Against turns in which every backend is looked at, which is how tables were filled before: nodes of both versions must have the
    /// same.
    /// </summary>
    [Theory]
    [InlineData(1, 2, 251)]
    [InlineData(2, 40, 4093)]
    [InlineData(3, 300, 251)]
    [InlineData(4, 200, 16381)]
    [InlineData(5, 700, 16381)]
    public void It_is_what_looking_at_all_in_each_turn_makes(int seed, int most, int size)
    {
        var random = new Random(seed);
        for (var round = 0; round < 8; round++)
        {
            // Few different weights, close ones, ones that are a multiple of others, and any.
            Func<int> weight = (round % 4) switch
            {
                0 => () => random.Next(0, 3),
                1 => () => random.Next(65_500, 65_536),
                2 => () => 1 << random.Next(0, 16),
                _ => () => random.Next(0, 65_536),
            };
            MaglevBackend[] backends
                = [.. Enumerable.Range(0, random.Next(1, most + 1)).Select(i => Backend($"10.{i % 7}.{i / 250}.{i % 250}", weight()))];

            Assert.Equal(ReferenceTable.InTurns(backends, size), Build(backends, size));
        }
    }

    /// <summary>
    /// Whoever may write an EndpointSlice may write weights. Where all were looked at in each turn, these were 630 million looks.
    /// </summary>
    [Fact]
    public void What_a_table_costs_depends_on_its_size_alone()
    {
        var backends = Equal(5000);
        backends[17] = backends[17] with { Weight = ushort.MaxValue };
        var table = new int[131071];

        MaglevTable.Build(backends, table, out var looks);

        Assert.Equal(5000, table.Distinct().Count());
        Assert.Equal(table.Length, looks);
    }

    [Fact]
    public void The_order_of_endpoints_does_not_matter()
    {
        var backends = Equal(Backends, 3);
        var expected = Build(backends).Select(e => backends[e].Address).ToArray();
        for (var seed = 0; seed < 5; seed++)
        {
            var shuffled = backends.ToArray();
            new Random(seed).Shuffle(shuffled);

            Assert.Equal(expected, Build(shuffled).Select(e => shuffled[e].Address));
        }
    }

    /// <summary>The paper, 3.4: equal backends differ by one entry at most, since they take turns.</summary>
    [Theory]
    [InlineData(1, 251)]
    [InlineData(3, 251)]
    [InlineData(100, 16381)]
    [InlineData(250, 251)]
    public void Equal_backends_differ_by_one_entry(int count, int size)
    {
        var shares = Shares(Build(Equal(count), size), count);

        Assert.Equal(size, shares.Sum());
        Assert.InRange(shares.Max() - shares.Min(), 0, 1);
    }

    /// <summary>
    /// The paper, 5.3: all others keep their connections but for a few; at most 2 % of the table beyond the share of the one.
    /// </summary>
    [Fact]
    public void When_one_of_100_goes_or_comes_nearly_all_others_stay()
    {
        var backends = Equal(Backends);
        var all = Build(backends);
        for (var gone = 0; gone < Backends; gone += 7)
        {
            MaglevBackend[] fewer = [.. backends.Where((_, i) => i != gone)];
            var left = Build(fewer);
            // Read from right to left it is the disruption when that one comes.
            var moved = all.Zip(left).Count(e => e.First != gone && backends[e.First] != fewer[e.Second]);

            Assert.InRange(moved, 1, (int)(0.02 * all.Length));
        }
    }

    [Fact]
    public void Shares_are_as_the_weights()
    {
        Assert.Equal([63, 63, 125], Shares(Build([Backend("10.1.0.1", 1), Backend("10.1.0.2", 1), Backend("10.1.0.3", 2)], 251), 3));
        Assert.Equal([188, 0, 63], Shares(Build([Backend("10.1.0.1", 3), Backend("10.1.0.2", 0), Backend("10.1.0.3", 1)], 251), 3));
        Assert.Equal([249, 1, 1], Shares(Build([Backend("10.1.0.1", 65535), Backend("10.1.0.2", 1), Backend("10.1.0.3", 1)], 251), 3));
    }

    [Fact]
    public void Weights_of_one_measure_are_those_of_another()
        => Assert.Equal(Build(Equal(Backends)), Build(Equal(Backends, ushort.MaxValue)));

    [Fact]
    public void Of_more_backends_than_entries_some_have_none()
    {
        var backends = Equal(300);
        var table = new int[251];

        Assert.Equal(251, MaglevTable.Build(backends, table));
        Assert.Equal(251, table.Distinct().Count());
    }

    [Fact]
    public void Without_a_weight_there_is_no_backend()
    {
        var table = new int[251];

        Assert.Equal(0, MaglevTable.Build(Equal(2, 0), table));
        Assert.Equal(0, MaglevTable.Build([], table));
        Assert.All(table, e => Assert.Equal(MaglevTable.NoBackend, e));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    [InlineData(131101)]
    public void A_size_that_is_not_allowed_is_refused(int size)
        => Assert.Throws<ArgumentException>(() => MaglevTable.Build(Equal(1), new int[size]));
}
