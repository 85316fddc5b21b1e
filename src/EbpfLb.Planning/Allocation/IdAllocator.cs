using System.Numerics;

namespace EbpfLb.Planning.Allocation;

/// <summary>
/// Ids 1 to capacity-1. Next fit: an id that was given back is used again only after all others had their turn, because
/// memories outside (affinity, UDP flows, counters) may still name it.
/// </summary>
internal sealed class IdAllocator(int capacity)
{
    private readonly ulong[] words = NewWords(capacity);
    private int cursor = 1;

    /// <summary>Ids that are taken.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Where the search begins. Set back when what was taken from there on was given back and never used: else what does not fit and is
    /// tried again and again would go through all ids in no time.
    /// </summary>
    public int Cursor
    {
        get => cursor;
        set => cursor = value;
    }

    /// <summary>Ids that can be taken at all.</summary>
    public int Capacity => Math.Max(capacity - 1, 0);

    public bool Contains(uint id) => id < (uint)capacity && (words[id / 64] >> (int)(id % 64) & 1) != 0;

    /// <summary>Takes the next free id; false when there is none.</summary>
    public bool TryTake(out uint id)
    {
        id = 0;
        if (Count >= Capacity) return false;
        var found = NextFree(cursor);
        if (found >= capacity) found = NextFree(1);
        id = (uint)found;
        Mark(id);
        cursor = found + 1;
        return true;
    }

    /// <summary>
    /// Takes this id, as a table that was found holds it; later ids are searched behind it. False when it is taken or out of range.
    /// </summary>
    public bool TryReserve(uint id)
    {
        if (id == 0 || id >= (uint)capacity || Contains(id)) return false;
        Mark(id);
        cursor = Math.Max(cursor, (int)id + 1);
        return true;
    }

    public void Free(uint id)
    {
        if (id == 0 || !Contains(id)) throw new InvalidOperationException($"id {id} is given back but was not taken");
        words[id / 64] &= ~(1ul << (int)(id % 64));
        Count--;
    }

    private void Mark(uint id)
    {
        words[id / 64] |= 1ul << (int)(id % 64);
        Count++;
    }

    private int NextFree(int from)
    {
        for (var word = from / 64; word < words.Length; word++)
        {
            var free = ~words[word];
            if (word == from / 64) free &= ulong.MaxValue << (from % 64);
            if (free != 0) return word * 64 + BitOperations.TrailingZeroCount(free);
        }
        return int.MaxValue;
    }

    private static ulong[] NewWords(int capacity)
    {
        var all = new ulong[(capacity + 63) / 64];
        // Ids behind the end, and id 0, are nobody's.
        if (capacity % 64 != 0) all[^1] = ulong.MaxValue << (capacity % 64);
        if (all.Length > 0) all[0] |= 1;
        return all;
    }
}
