namespace EbpfLb.Planning.Allocation;

/// <summary>
/// Runs of slots. First fit with coalescing over lengths that are multiples of <see cref="Granule"/>: a list that grows
/// or shrinks by one mostly finds the hole that one of its kind left, so holes stay few and useful. Early reuse does no harm: a slot
/// carries the id of its service. Where no hole is long enough, lists are moved out of a window: <see cref="Compaction"/>.
/// </summary>
/// <param name="reserve">
/// One hole stays at least that long, so that there is always room to move lists to: what would take it is refused, as by a full table.
/// </param>
internal sealed class RangeAllocator(int capacity, int reserve = 0)
{
    public const int Granule = 4;

    private readonly List<Hole> holes = [new(0, (uint)capacity / Granule * Granule)];

    /// <summary>Slots that are taken, with what rounding up adds.</summary>
    public int Used { get; private set; }

    public int Capacity => capacity / Granule * Granule;

    /// <summary>Free runs: a measure of fragmentation.</summary>
    public int Holes => holes.Count;

    /// <summary>What <see cref="TryTake"/> leaves in one piece.</summary>
    public uint Reserve { get; } = (uint)reserve;

    /// <summary>
    /// A part that is being emptied for somebody who needs a long run: others get it only when nothing else is left. Empty: there is none.
    /// </summary>
    public (uint First, uint End) Window { get; set; }

    /// <summary>Free runs, by place.</summary>
    public IEnumerable<(uint First, uint Length)> Runs() => holes.Select(hole => (hole.First, hole.Length));

    /// <summary>The longest free run.</summary>
    public uint LongestHole => holes.Count == 0 ? 0 : holes.Max(hole => hole.Length);

    /// <summary>Takes a run; false when no hole is long enough.</summary>
    /// <param name="mayUseReserve">
    /// For what takes the place of a run that is no shorter and is given back soon: where nothing else is left, of the reserve.
    /// </param>
    public bool TryTake(int count, out uint first, bool mayUseReserve = false)
    {
        var length = RoundUp((uint)count);
        if (TryTake(length, keepsReserve: true, out first)) return true;
        var window = Window;
        Window = default;
        if (window != default && TryTake(length, keepsReserve: true, out first)) return true;
        if (mayUseReserve && Reserve > 0 && TryTake(length, keepsReserve: false, out first)) return true;
        Window = window;
        return false;
    }

    /// <summary>Whether <see cref="TryTake(int, out uint, bool)"/> would find a run.</summary>
    public bool CanTake(int count, bool mayUseReserve = false)
    {
        var length = RoundUp((uint)count);
        for (var i = 0; i < holes.Count; i++)
            if (holes[i].Length >= length && (mayUseReserve || LeavesReserve(i, length))) return true;
        return false;
    }

    private bool TryTake(uint length, bool keepsReserve, out uint first)
    {
        for (var i = 0; i < holes.Count; i++)
        {
            first = holes[i].First;
            if (holes[i].Length < length || IsInWindow(holes[i], length, ref first)) continue;
            if (keepsReserve && !LeavesReserve(i, length)) continue;
            Cut(i, first, length);
            return true;
        }
        first = 0;
        return false;
    }

    /// <summary>
    /// Takes this run, as a table that was found holds it; false when it overlaps another, is out of range or no run of ours.
    /// </summary>
    public bool TryReserve(uint first, uint count)
    {
        if (count == 0 || count > (uint)capacity || first % Granule != 0) return false;
        var length = RoundUp(count);
        var index = IndexAtOrBefore(first);
        if (index < 0 || (ulong)first + length > (ulong)holes[index].First + holes[index].Length) return false;
        Cut(index, first, length);
        return true;
    }

    public void Free(uint first, uint count)
    {
        var length = RoundUp(count);
        var before = IndexAtOrBefore(first);
        var after = before + 1;
        if ((before >= 0 && holes[before].End > first) || (after < holes.Count && first + length > holes[after].First))
            throw new InvalidOperationException($"slots {first}+{count} are given back but were not taken");
        Used -= (int)length;
        var joinsBefore = before >= 0 && holes[before].End == first;
        var joinsAfter = after < holes.Count && holes[after].First == first + length;
        if (joinsBefore && joinsAfter)
        {
            holes[before] = new Hole(holes[before].First, holes[before].Length + length + holes[after].Length);
            holes.RemoveAt(after);
        }
        else if (joinsBefore) holes[before] = new Hole(holes[before].First, holes[before].Length + length);
        else if (joinsAfter) holes[after] = new Hole(first, length + holes[after].Length);
        else holes.Insert(after, new Hole(first, length));
    }

    /// <summary>
    /// Whether a run from the hole would touch the window. Where there is room behind the window, the run begins there.
    /// </summary>
    private bool IsInWindow(Hole hole, uint length, ref uint first)
    {
        if (first + length <= Window.First || first >= Window.End) return false;
        if (hole.End < Window.End + (ulong)length) return true;
        first = Window.End;
        return false;
    }

    /// <summary>While the reserve is in use, the longest hole stays, and others may be taken.</summary>
    private bool LeavesReserve(int index, uint length)
    {
        if (Reserve == 0 || holes[index].Length - length >= Reserve) return true;
        // The long ones are mostly at the end.
        for (var i = holes.Count - 1; i >= 0; i--)
            if (i != index && holes[i].Length >= Math.Min(Reserve, holes[index].Length)) return true;
        return false;
    }

    private void Cut(int index, uint first, uint length)
    {
        Used += (int)length;
        var hole = holes[index];
        var left = new Hole(hole.First, first - hole.First);
        var right = new Hole(first + length, hole.End - first - length);
        if (left.Length > 0 && right.Length > 0)
        {
            holes[index] = left;
            holes.Insert(index + 1, right);
        }
        else if (left.Length > 0) holes[index] = left;
        else if (right.Length > 0) holes[index] = right;
        else holes.RemoveAt(index);
    }

    private int IndexAtOrBefore(uint first)
    {
        int low = 0, high = holes.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (holes[middle].First <= first) low = middle + 1;
            else high = middle - 1;
        }
        return high;
    }

    public static uint RoundUp(uint count) => (count + Granule - 1) / Granule * Granule;

    private readonly record struct Hole(uint First, uint Length)
    {
        public uint End => First + Length;
    }
}
