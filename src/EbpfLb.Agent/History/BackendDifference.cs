using EbpfLb.Agent.Control;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.History;

/// <summary>
/// What became of the backends of a Service between two tables, and why: the tables say which differ, the slices and drains why. Slices
/// are read only when a backend differs.
/// </summary>
internal sealed class BackendDifference
{
    private const int MostNames = 4;
    private const BackendLists Used = BackendLists.InCluster | BackendLists.InLocal;

    private readonly int[] counts = new int[Enum.GetValues<BackendFate>().Length];
    private readonly List<string> names = [];

    private BackendDifference()
    {
    }

    /// <summary>null: none differs.</summary>
    public static BackendChanges? Of(ServiceSide before, ServiceSide now)
    {
        var changed = Changed(before.Ports, now.Ports);
        if (changed.Count == 0) return null;
        var wanted = changed.Select(c => c.Address).ToHashSet();
        var (was, nowIs) = (before.Conditions(wanted), now.Conditions(wanted));
        var result = new BackendDifference();
        foreach (var one in changed)
        {
            EndpointConditions? then = was.TryGetValue(one.Address, out var earlier) ? earlier : null;
            EndpointConditions? current = nowIs.TryGetValue(one.Address, out var later) ? later : null;
            result.Add(FateOf(one, then, current, before.IsDrained(one.Address), now.IsDrained(one.Address)), one.Address);
        }
        return result.Report();
    }

    /// <summary>Backends of the ports that both have. Lists are ordered by address.</summary>
    private static List<Pair> Changed(ValueList<CompiledPort> before, ValueList<CompiledPort> now)
    {
        List<Pair> changed = [];
        for (var i = 0; i < now.Count; i++)
        {
            var port = now[i];
            if (PortPairs.Find(before, port.Key, i) is not { } earlier || ReferenceEquals(earlier, port)) continue;
            Merge(earlier.Backends.AsSpan(), port.Backends.AsSpan(), changed);
        }
        return changed;
    }

    private static void Merge(ReadOnlySpan<CompiledBackend> before, ReadOnlySpan<CompiledBackend> now, List<Pair> changed)
    {
        int b = 0, n = 0;
        while (b < before.Length || n < now.Length)
        {
            var order = b == before.Length ? 1 : n == now.Length ? -1 : before[b].Address.CompareTo(now[n].Address);
            if (order < 0) changed.Add(new Pair(before[b].Address, before[b], null));
            else if (order > 0) changed.Add(new Pair(now[n].Address, null, now[n]));
            else if (!before[b].Equals(now[n])) changed.Add(new Pair(now[n].Address, before[b], now[n]));
            if (order <= 0) b++;
            if (order >= 0) n++;
        }
    }

    private static BackendFate FateOf(Pair one, EndpointConditions? was, EndpointConditions? now, bool wasDrained, bool isDrained)
    {
        var (wasUsed, isUsed) = ((one.Before?.Lists & Used) > 0, (one.Now?.Lists & Used) > 0);
        if (one.Before is null && was is null) return BackendFate.Added;
        if (one.Now is null && now is null) return BackendFate.Removed;
        if (wasUsed == isUsed && one is { Before: not null, Now: not null }) return BackendFate.Changed;
        if (isUsed)
            return wasDrained && !isDrained ? BackendFate.Undrained
                : was?.HasFlag(EndpointConditions.Ready) == true ? BackendFate.Chosen : BackendFate.Ready;
        if (isDrained && !wasDrained) return BackendFate.Drained;
        return now?.HasFlag(EndpointConditions.Terminating) == true ? BackendFate.Terminating
            : now?.HasFlag(EndpointConditions.Ready) == true ? BackendFate.NotChosen : BackendFate.NotReady;
    }

    private void Add(BackendFate fate, BackendAddress address)
    {
        counts[(int)fate]++;
        if (names.Count < MostNames) names.Add($"{BackendText.Prefix(fate)}{address}");
    }

    private BackendChanges Report() => new(
        Count(BackendFate.Added), Count(BackendFate.Removed), Count(BackendFate.Ready), Count(BackendFate.NotReady),
        Count(BackendFate.Terminating), Count(BackendFate.Drained), Count(BackendFate.Undrained), Count(BackendFate.Chosen),
        Count(BackendFate.NotChosen), Count(BackendFate.Changed)) { Names = names };

    private int Count(BackendFate fate) => counts[(int)fate];

    private readonly record struct Pair(BackendAddress Address, CompiledBackend? Before, CompiledBackend? Now);
}

/// <summary>What happened to a backend; see <see cref="BackendChanges"/>.</summary>
internal enum BackendFate
{
    Added,
    Removed,
    Ready,
    NotReady,
    Terminating,
    Drained,
    Undrained,
    Chosen,
    NotChosen,
    Changed,
}

/// <summary>Backends that became others, for people.</summary>
internal static class BackendText
{
    /// <summary>"+", "-", "terminating ".</summary>
    public static string Prefix(BackendFate fate) => fate switch
    {
        BackendFate.Added => "+",
        BackendFate.Removed => "-",
        BackendFate.NotReady => "not ready ",
        BackendFate.NotChosen => "not chosen ",
        _ => fate.ToString().ToLowerInvariant() + " ",
    };

    /// <summary>"+3 -2 backends, 1 terminating (+10.1.0.5:8080, +10.1.0.6:8080 and 4 more)".</summary>
    public static string Of(BackendChanges changes)
    {
        List<string> parts = [];
        string[] plain =
        [
            .. changes.Added > 0 ? new[] { $"+{changes.Added}" } : [], .. changes.Removed > 0 ? new[] { $"-{changes.Removed}" } : [],
        ];
        if (plain.Length > 0) parts.Add($"{string.Join(' ', plain)} backends");
        var others = new (int Count, string Word)[]
        {
            (changes.Ready, "ready"), (changes.NotReady, "not ready"), (changes.Terminating, "terminating"), (changes.Drained, "drained"),
            (changes.Undrained, "undrained"), (changes.Chosen, "chosen"), (changes.NotChosen, "not chosen"), (changes.Changed, "changed"),
        };
        foreach (var (count, word) in others)
            if (count > 0) parts.Add(parts.Count > 0 ? $"{count} {word}" : $"{count} backend{(count > 1 ? "s" : "")} {word}");
        var all = changes.Added + changes.Removed + others.Sum(o => o.Count);
        var more = all - changes.Names.Count;
        return $"{string.Join(", ", parts)} ({string.Join(", ", changes.Names)}{(more > 0 ? $" and {more} more" : "")})";
    }
}
