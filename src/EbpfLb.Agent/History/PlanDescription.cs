using EbpfLb.Agent.Control;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.History;

/// <summary>The Services that one plan concerned.</summary>
/// <param name="before">null: there was no plan before.</param>
/// <param name="now">null: the plan did not come to its end.</param>
/// <param name="failed">Services that it could not program, and why.</param>
internal sealed class PlanDescription(CompiledState? before, CompiledState? now, IReadOnlyDictionary<ObjectName, string> failed)
{
    private readonly List<(string Kind, MapDifference<ObjectName, CompiledService> Difference)> concerned = [];

    public int Added { get; private set; }

    public int Removed { get; private set; }

    public int Changed { get; private set; }

    public int Count => concerned.Count;

    public bool IsEmpty => concerned.Count == 0;

    /// <summary>What is as it should be now.</summary>
    public IEnumerable<(ObjectName Name, string Kind)> Programmed
        => concerned.Where(c => !failed.ContainsKey(c.Difference.Key)).Select(c => (c.Difference.Key, c.Kind));

    public void AddDifferences(IReadOnlyList<MapDifference<ObjectName, CompiledService>> differences)
    {
        foreach (var difference in differences)
        {
            if (difference.Key == Canary.Name || ServiceDifference.KindOf(difference.Before, difference.After) is not { } kind) continue;
            if (kind == "added") Added++;
            else if (kind == "removed") Removed++;
            else Changed++;
            concerned.Add((kind, difference));
        }
    }

    /// <summary>Services that did not change themselves: what failed before is programmed, or fails now, or for another reason.</summary>
    /// <param name="earlier">What failed in the plan before.</param>
    public void AddFailures(IReadOnlyDictionary<ObjectName, string> earlier)
    {
        if (earlier.Count == 0 && failed.Count == 0) return;
        var known = concerned.Select(c => c.Difference.Key).ToHashSet();
        foreach (var name in earlier.Keys.Where(n => !failed.ContainsKey(n) && !known.Contains(n)).Order())
            concerned.Add(("retried", new(name, null, null)));
        foreach (var (name, message) in failed.Where(f => !known.Contains(f.Key)).OrderBy(f => f.Key))
            if (earlier.GetValueOrDefault(name) != message) concerned.Add(("failed", new(name, null, null)));
    }

    /// <summary>The first of them, those that failed before the others.</summary>
    public IReadOnlyList<ServiceChange> Describe(int most)
    {
        var first = failed.Count == 0 ? concerned.Take(most)
            : concerned.OrderByDescending(c => failed.ContainsKey(c.Difference.Key)).Take(most);
        return [.. first.Select(c => Describe(c.Kind, c.Difference) with { Failed = failed.GetValueOrDefault(c.Difference.Key) })];
    }

    private ServiceChange Describe(string kind, MapDifference<ObjectName, CompiledService> difference)
        => kind is "retried" or "failed" ? new ServiceChange(difference.Key.ToString(), kind, [])
            : ServiceDifference.Describe(kind, difference, before!, now!);
}
