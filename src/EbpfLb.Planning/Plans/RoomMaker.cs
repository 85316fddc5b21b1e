using EbpfLb.Model;
using EbpfLb.Planning.Allocation;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;

namespace EbpfLb.Planning.Plans;

/// <summary>
/// Which lists a plan moves because another one found no run of free places that is long enough. They are moved as lists change: written
/// elsewhere, flipped to, and their old places given back after the grace period; the plan after that finds the room.
/// </summary>
internal sealed class RoomMaker(Mirror mirror)
{
    /// <summary>The longest run in each of the two tables that a service did not find.</summary>
    private readonly Dictionary<RangeAllocator, uint> missing = [];

    public void Missed(RangeAllocator table, uint length)
        => missing[table] = Math.Max(missing.GetValueOrDefault(table), RangeAllocator.RoundUp(length));

    /// <summary>Old range -> first place of the new one, by service. Windows that nobody needs any more are open to all again.</summary>
    /// <param name="mayMove">Services that the plan has not changed.</param>
    /// <param name="going">Ranges that the plan gives back.</param>
    public IEnumerable<(ObjectName Service, IReadOnlyDictionary<SlotRange, uint> Moves)> Moves(
        Func<ObjectName, bool> mayMove, Func<IEnumerable<SlotRange>> going)
    {
        foreach (var table in (RangeAllocator[])[mirror.Slots, mirror.Maglev])
        {
            table.Window = default;
            if (!missing.TryGetValue(table, out var length)) continue;
            if (table.Used + length + table.Reserve > table.Capacity) continue;
            foreach (var moves in Moves(table, length, mayMove, going())) yield return moves;
        }
    }

    private IEnumerable<(ObjectName Service, IReadOnlyDictionary<SlotRange, uint> Moves)> Moves(
        RangeAllocator table, uint length, Func<ObjectName, bool> mayMove, IEnumerable<SlotRange> going)
    {
        List<MovableRange> lists = [.. going.Where(r => mirror.TableOf(r) == table).Select(r => Movable(r, goes: true))];
        Dictionary<uint, (ObjectName Service, SlotRange Range)> owners = [];
        foreach (var service in mirror.ServiceNames)
        {
            if (!mayMove(service)) continue;
            foreach (var record in mirror.RecordsOf(service))
            {
                foreach (var range in (SlotRange[])[record.Cluster, record.Local])
                {
                    if (range.Count == 0 || mirror.TableOf(range) != table) continue;
                    lists.Add(Movable(range, goes: false));
                    owners[range.First] = (service, range);
                }
            }
        }
        lists.Sort((a, b) => a.First.CompareTo(b.First));
        if (Compaction.Find(table, lists, length + table.Reserve) is not { } cleared) return [];
        table.Window = (cleared.First, cleared.End);
        return cleared.Moves.GroupBy(move => owners[move.Key].Service).OrderBy(group => group.Key).Select(group => (
            group.Key,
            (IReadOnlyDictionary<SlotRange, uint>)group.ToDictionary(move => owners[move.Key].Range, move => move.Value)));
    }

    private static MovableRange Movable(SlotRange range, bool goes) => new(range.First, RangeAllocator.RoundUp(range.Length), goes);
}
