using EbpfLb.Planning.Maglev;

namespace EbpfLb.Planning.Tests.Maglev;

/// <summary>
/// The table as the paper writes it down: whole permutations first, then turns. Slow, and plain enough to be checked by eye.
/// </summary>
internal static class ReferenceTable
{
    public static int[] Build(MaglevBackend[] backends, int size)
    {
        var order = Enumerable.Range(0, backends.Length).Where(i => backends[i].Weight > 0).OrderBy(i => backends[i].Address).ToArray();
        var table = Enumerable.Repeat(MaglevTable.NoBackend, size).ToArray();
        if (order.Length == 0) return table;
        var wanted = order.ToDictionary(i => i, i => new Queue<int>(Permutation(backends[i], size)));
        var heaviest = order.Max(i => (decimal)backends[i].Weight);
        var entries = order.ToDictionary(i => i, _ => 0);
        var filled = 0;
        for (var turn = 1; ; turn++)
        {
            foreach (var backend in order)
            {
                // Entries so far may not be more than the turns in proportion to the weight.
                if (entries[backend] * heaviest > turn * (decimal)backends[backend].Weight) continue;
                int entry;
                do entry = wanted[backend].Dequeue();
                while (table[entry] != MaglevTable.NoBackend);
                table[entry] = backend;
                entries[backend]++;
                if (++filled == size) return table;
            }
        }
    }

    /// <summary>The same with integers, for many entries: in each turn every backend is looked at.</summary>
    public static int[] InTurns(MaglevBackend[] backends, int size)
    {
        var table = Enumerable.Repeat(MaglevTable.NoBackend, size).ToArray();
        var order = Enumerable.Range(0, backends.Length).Where(i => backends[i].Weight > 0).OrderBy(i => backends[i].Address).ToArray();
        if (order.Length == 0) return table;
        long heaviest = order.Max(i => backends[i].Weight);
        var (due, tried, filled) = (new long[backends.Length], new long[backends.Length], 0);
        for (var turn = 1L; ; turn++)
        {
            foreach (var i in order)
            {
                if (turn * backends[i].Weight < due[i]) continue;
                due[i] += heaviest;
                var (offset, skip) = backends[i].Permutation(size);
                int entry;
                do entry = (int)((offset + (tried[i]++ * skip)) % size);
                while (table[entry] != MaglevTable.NoBackend);
                table[entry] = i;
                if (++filled == size) return table;
            }
        }
    }

    private static IEnumerable<int> Permutation(MaglevBackend backend, int size)
    {
        var (offset, skip) = backend.Permutation(size);
        return Enumerable.Range(0, size).Select(j => (int)((offset + ((long)j * skip)) % size));
    }
}
