using System.Buffers;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Maglev;

/// <summary>
/// Maglev's lookup table (Eisenbud et al., NSDI 2016, 3.4): the backends take turns, and each takes the next free entry of its own walk
/// through the table. When one goes, the others keep nearly all of their entries. The table depends on the backends' addresses, ports and
/// weights alone: neither on their order nor on the machine, so all nodes have the same. From any thread.
/// </summary>
public static class MaglevTable
{
    /// <summary>What an entry holds when no backend has a weight.</summary>
    public const int NoBackend = -1;

    /// <summary>
    /// Fills a table. A backend with half the weight of the heaviest has every second turn. In the first turn each has an entry,
    /// so one of little weight is not left out; when there are more backends than entries, the last in the order of addresses are.
    /// </summary>
    /// <param name="backends">No two with the same address and port.</param>
    /// <param name="table">
    /// Gets the index of a backend in each entry; its length is the size of the table, see <see cref="MaglevTableSize"/>.
    /// </param>
    /// <returns>How many backends have an entry; 0: all entries are <see cref="NoBackend"/>.</returns>
    /// <exception cref="ArgumentException">The size is not allowed.</exception>
    public static int Build(ReadOnlySpan<MaglevBackend> backends, Span<int> table)
    {
        if (!MaglevTableSize.IsAllowed(table.Length))
            throw new ArgumentException($"a table of {table.Length} entries; it must be {MaglevTableSize.Allowed}", nameof(table));
        table.Fill(NoBackend);
        var rented = ArrayPool<Walk>.Shared.Rent(backends.Length);
        var walks = rented.AsSpan(0, backends.Length);
        var used = Begin(backends, table.Length, walks);
        if (used > 0) Fill(walks[..used], table);
        ArrayPool<Walk>.Shared.Return(rented);
        return Math.Min(used, table.Length);
    }

    /// <summary>Puts a walk for each backend that has a weight in the order of addresses; returns how many there are.</summary>
    private static int Begin(ReadOnlySpan<MaglevBackend> backends, int size, Span<Walk> walks)
    {
        var used = 0;
        for (var i = 0; i < backends.Length; i++)
        {
            if (backends[i].Weight == 0) continue;
            var (offset, skip) = backends[i].Permutation(size);
            walks[used++] = new Walk { Address = backends[i].Address, Backend = i, Weight = backends[i].Weight, Next = offset,
                Skip = skip };
        }
        walks[..used].Sort(static (left, right) => left.Address.CompareTo(right.Address));
        return used;
    }

    private static void Fill(Span<Walk> walks, Span<int> table)
    {
        var heaviest = 0L;
        foreach (ref readonly var walk in walks) heaviest = Math.Max(heaviest, walk.Weight);
        var free = table.Length;
        for (var turn = 1L; ; turn++)
        {
            foreach (ref var walk in walks)
            {
                // Has it had its share of the turns so far?
                if (turn * walk.Weight < walk.Due) continue;
                walk.Due += heaviest;
                var next = walk.Next;
                while (table[next] != NoBackend) next = After(next, walk.Skip, table.Length);
                table[next] = walk.Backend;
                walk.Next = After(next, walk.Skip, table.Length);
                if (--free == 0) return;
            }
        }
    }

    private static int After(int entry, int skip, int size) => entry + skip is var next && next >= size ? next - size : next;

    /// <summary>One backend's way through the table: entries that it wants, one after the other.</summary>
    private struct Walk
    {
        public required BackendAddress Address;
        public required int Backend;
        public required ushort Weight;
        public required int Next;
        public required int Skip;

        /// <summary>Turns times weight that it must have reached for its next entry.</summary>
        public long Due;
    }
}
