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
    public static int Build(ReadOnlySpan<MaglevBackend> backends, Span<int> table) => Build(backends, table, out _);

    /// <param name="looks">How often a walk was looked at: what filling costs, beside entries that were taken already.</param>
    internal static int Build(ReadOnlySpan<MaglevBackend> backends, Span<int> table, out long looks)
    {
        if (!MaglevTableSize.IsAllowed(table.Length))
            throw new ArgumentException($"a table of {table.Length} entries; it must be {MaglevTableSize.Allowed}", nameof(table));
        table.Fill(NoBackend);
        var rented = ArrayPool<Walk>.Shared.Rent(backends.Length);
        var walks = rented.AsSpan(0, backends.Length);
        var used = Begin(backends, table.Length, walks);
        looks = used > 0 ? Fill(walks[..used], table) : 0;
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

    /// <summary>
    /// In each turn, those that are due take an entry each, in the order of addresses. Only they are looked at: beside a backend of weight
    /// 65535 one of weight 1 is due once in as many turns, and there are as many turns as entries.
    /// </summary>
    private static long Fill(Span<Walk> walks, Span<int> table)
    {
        var heaviest = 0L;
        foreach (ref readonly var walk in walks) heaviest = Math.Max(heaviest, walk.Weight);
        var free = table.Length;
        var looks = 0L;
        // In the first turn all of them. Those of the next turn come in order, as they are found; the others wait.
        List<int> due = [.. Enumerable.Range(0, walks.Length)];
        List<int> next = new(walks.Length);
        PriorityQueue<int, long> later = new();
        for (var turn = 1L; ; turn++)
        {
            for (var i = 0; i < due.Count || TurnOf(later, walks.Length) == turn;)
            {
                looks++;
                var waits = TurnOf(later, walks.Length) == turn && (i == due.Count || later.Peek() < due[i]);
                var index = waits ? later.Dequeue() : due[i++];
                ref var walk = ref walks[index];
                walk.Due += heaviest;
                var entry = walk.Next;
                while (table[entry] != NoBackend) entry = After(entry, walk.Skip, table.Length);
                table[entry] = walk.Backend;
                walk.Next = After(entry, walk.Skip, table.Length);
                if (--free == 0) return looks;
                // The first turn by which it has had no more than its share.
                var again = (walk.Due + walk.Weight - 1) / walk.Weight;
                if (again <= turn + 1) next.Add(index);
                else later.Enqueue(index, again * walks.Length + index);
            }
            (due, next) = (next, due);
            next.Clear();
        }
    }

    /// <summary>The turn in which the first of those that wait is due; <see cref="long.MaxValue"/>: none waits.</summary>
    private static long TurnOf(PriorityQueue<int, long> later, int walks)
        => later.TryPeek(out _, out var priority) ? priority / walks : long.MaxValue;

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
