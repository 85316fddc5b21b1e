namespace EbpfLb.Planning.Allocation;

/// <summary>
/// Finds which lists to move so that free slots in small pieces become a long run. It says where each of them goes, and all of these places
/// are free already, so that a list is written whole before its service flips to it. Where few lists stand in the way, a window of the
/// wanted length is emptied at once. Else the longest hole grows: lists beside it move to its far end, and the holes between them join it.
/// </summary>
internal static class Compaction
{
    /// <summary>Slots that one plan moves at the most, so that it takes milliseconds.</summary>
    public const uint MostMoved = 16_384;

    /// <param name="lists">Ranges that may be moved, and those that are given back anyway, by place; lengths as they are taken.</param>
    /// <param name="wanted">How long the run is to be.</param>
    /// <returns>null: nothing that could be moved would help.</returns>
    public static Cleared? Find(RangeAllocator ranges, IReadOnlyList<MovableRange> lists, uint wanted)
    {
        var pieces = Pieces(ranges, lists);
        var longest = Longest(pieces);
        if (longest < 0) return null;
        var hole = pieces[longest];
        wanted = RangeAllocator.RoundUp(wanted);
        if (Empty(ranges, pieces, wanted, default, hole.Length) is { } window) return window;
        // Lists may be too long for any hole but that one.
        if (Empty(ranges, pieces, wanted, hole, hole.Length) is { } other) return other;
        var (left, right) = (Grow(pieces, longest, -1, wanted), Grow(pieces, longest, 1, wanted));
        var grown = (left?.Length ?? 0) >= (right?.Length ?? 0) ? left : right;
        if (grown is not null) return grown;
        // What is beside it is longer than the hole is.
        for (var length = wanted; length > hole.Length; length = hole.Length + ((length - hole.Length) / 8 * 4))
            if (Empty(ranges, pieces, length, hole, hole.Length) is { } shorter) return shorter;
        return null;
    }

    /// <summary>Holes and lists by place; where one does not begin at the end of the one before it, something stands that stays.</summary>
    private static List<Piece> Pieces(RangeAllocator ranges, IReadOnlyList<MovableRange> lists)
    {
        var pieces = new List<Piece>(lists.Count * 2);
        var next = 0;
        foreach (var (first, length) in ranges.Runs())
        {
            for (; next < lists.Count && lists[next].First < first; next++) Add(lists[next]);
            pieces.Add(new Piece(first, length, 0, IsHole: true));
        }
        for (; next < lists.Count; next++) Add(lists[next]);
        return pieces;

        void Add(MovableRange list) => pieces.Add(new Piece(list.First, list.Length, list.Goes ? 0 : list.Length, IsHole: false));
    }

    private static int Longest(List<Piece> pieces)
    {
        var longest = -1;
        for (var i = 0; i < pieces.Count; i++)
            if (pieces[i].IsHole && (longest < 0 || pieces[i].Length >= pieces[longest].Length)) longest = i;
        return longest;
    }

    /// <summary>Empties the window of at least this length that has the fewest slots to move.</summary>
    /// <param name="but">A hole that is to be outside.</param>
    /// <param name="longest">No list that is longer can be moved.</param>
    private static Cleared? Empty(RangeAllocator ranges, List<Piece> pieces, uint length, Piece but, uint longest)
    {
        (int First, int Last)? best = null;
        var (least, begin, cost) = (MostMoved + 1, 0, 0u);
        for (var i = 0; i < pieces.Count; i++)
        {
            var piece = pieces[i];
            if (piece.Moves > longest || (but.Length > 0 && piece == but))
            {
                (begin, cost) = (i + 1, 0);
                continue;
            }
            if (begin < i && pieces[i - 1].End != piece.First) (begin, cost) = (i, 0);
            cost += piece.Moves;
            while (begin < i && piece.End - pieces[begin + 1].First >= length) cost -= pieces[begin++].Moves;
            if (piece.End - pieces[begin].First < length || cost >= least) continue;
            (least, best) = (cost, (begin, i));
        }
        if (best is not { } found || TryPlace(ranges, pieces, found.First, found.Last) is not { } moves) return null;
        return new Cleared(pieces[found.First].First, pieces[found.Last].End, moves);
    }

    /// <summary>A free place outside for each list of a window, the longest first; null when one finds none.</summary>
    private static Dictionary<uint, uint>? TryPlace(RangeAllocator ranges, List<Piece> pieces, int begin, int last)
    {
        var free = new SortedDictionary<uint, Stack<uint>>();
        foreach (var (first, length) in ranges.Runs())
            if (first + length <= pieces[begin].First || first >= pieces[last].End) Push(first, length);
        Dictionary<uint, uint> moves = [];
        foreach (var list in pieces[begin..(last + 1)].Where(p => p.Moves > 0).OrderByDescending(p => p.Length))
        {
            var (length, places) = free.FirstOrDefault(f => f.Key >= list.Length);
            if (places is null) return null;
            var place = places.Pop();
            if (places.Count == 0) free.Remove(length);
            moves[list.First] = place;
            if (length > list.Length) Push(place + list.Length, length - list.Length);
        }
        return moves;

        void Push(uint first, uint length)
        {
            if (!free.TryGetValue(length, out var places)) free[length] = places = new Stack<uint>();
            places.Push(first);
        }
    }

    /// <summary>
    /// Moves lists from one side of a hole to its other end, as many as find room there, until it is as long as wanted.
    /// </summary>
    /// <param name="step">-1: those before it; 1: those behind it.</param>
    private static Cleared? Grow(List<Piece> pieces, int hole, int step, uint wanted)
    {
        var (begin, end) = (pieces[hole].First, pieces[hole].End);
        var (used, gained, usedAtLast, last) = (0u, 0u, 0u, hole);
        for (var i = hole + step; i >= 0 && i < pieces.Count && pieces[hole].Length + gained < wanted; i += step)
        {
            var piece = pieces[i];
            if (step < 0 ? piece.End != pieces[i + 1].First : piece.First != pieces[i - 1].End) break;
            used += piece.Moves;
            if (used > Math.Min(pieces[hole].Length, MostMoved)) break;
            if (piece.Moves > 0) continue;
            gained += piece.Length;
            (usedAtLast, last) = (used, i);
        }
        if (last == hole) return null;
        Dictionary<uint, uint> moves = [];
        var place = step < 0 ? end : begin;
        for (var i = hole + step; i != last; i += step)
        {
            var piece = pieces[i];
            if (piece.Moves == 0) continue;
            if (step < 0) place -= piece.Length;
            moves[piece.First] = place;
            if (step > 0) place += piece.Length;
        }
        return step < 0 ? new Cleared(pieces[last].First, end - usedAtLast, moves)
            : new Cleared(begin + usedAtLast, pieces[last].End, moves);
    }

    /// <summary>A hole, or a list.</summary>
    /// <param name="Moves">Slots to write elsewhere before this is free: none of a hole, or of what goes anyway.</param>
    private readonly record struct Piece(uint First, uint Length, uint Moves, bool IsHole)
    {
        public uint End => First + Length;
    }
}

/// <summary>A range that is in use.</summary>
/// <param name="Goes">It is given back whatever is done.</param>
internal readonly record struct MovableRange(uint First, uint Length, bool Goes);

/// <summary>A window and, by their first slots, where the lists in it go.</summary>
internal sealed record Cleared(uint First, uint End, IReadOnlyDictionary<uint, uint> Moves)
{
    public uint Length => End - First;
}
