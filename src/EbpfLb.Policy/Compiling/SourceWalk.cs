using System.Collections.Immutable;
using EbpfLb.Model;

namespace EbpfLb.Policy.Compiling;

/// <summary>
/// Walks a new snapshot beside the sources of the table before it. ImmutableDictionary enumerates keys that stayed in
/// the same order, so a source is nearly always found at the next place, for the price of one reference comparison; when
/// the order is another, it is found by name. The result never depends on the order.
/// </summary>
internal sealed class SourceWalk(CompiledSource[] previous, ImmutableDictionary<ObjectName, ServiceEntry> snapshot)
{
    private readonly bool[] met = new bool[previous.Length];
    private Dictionary<ObjectName, int>? byName;
    private int next;
    private int metCount;

    /// <summary>Index in the previous sources of the object with this entry's name, -1 when it is new.</summary>
    public int Find(ServiceEntry entry)
    {
        while (next < previous.Length)
        {
            var candidate = previous[next].Entry;
            if (ReferenceEquals(candidate, entry) || candidate.Name == entry.Name) return Meet(next++);
            if (met[next] || !snapshot.ContainsKey(candidate.Name)) next++;
            else break;
        }
        if (metCount == previous.Length) return -1;
        byName ??= Index();
        return byName.TryGetValue(entry.Name, out var index) ? Meet(index) : -1;
    }

    /// <summary>Previous sources that the snapshot no longer holds; complete when every entry was looked for.</summary>
    public IEnumerable<CompiledSource> Gone()
    {
        for (var i = 0; metCount < previous.Length && i < previous.Length; i++)
        {
            if (!met[i]) yield return previous[i];
        }
    }

    private int Meet(int index)
    {
        met[index] = true;
        metCount++;
        return index;
    }

    private Dictionary<ObjectName, int> Index()
    {
        var index = new Dictionary<ObjectName, int>(previous.Length);
        for (var i = 0; i < previous.Length; i++) index[previous[i].Entry.Name] = i;
        return index;
    }
}
