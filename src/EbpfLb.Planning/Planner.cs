using EbpfLb.Model;
using EbpfLb.Planning.Mirroring;
using EbpfLb.Planning.Planned;
using EbpfLb.Policy;

namespace EbpfLb.Planning;

/// <summary>Finds out what must be done so that the kernel does what a table says.</summary>
public static class Planner
{
    /// <summary>
    /// Makes a plan. A service with the same reference as in the table applied last is skipped, so a change costs what
    /// it touches. The ids that the plan needs are reserved in the mirror; a plan that is not applied gives them back when the next
    /// one is made.
    /// </summary>
    public static Plan Plan(ForwardingTable table, Mirror mirror)
    {
        lock (mirror.Sync)
        {
            Reservations.Release(mirror);
            var builder = new PlanBuilder(table, mirror);
            foreach (var name in Changed(table, mirror)) builder.PlanService(name, table.Find(name));
            builder.PlanLeftovers();
            builder.PlanReleasedFrontends();
            var plan = builder.ToPlan();
            mirror.Open = plan;
            return plan;
        }
    }

    /// <summary>Services that differ from the table applied last, or are unfinished; ordered by name.</summary>
    private static List<ObjectName> Changed(ForwardingTable table, Mirror mirror)
    {
        List<ObjectName> changed = [];
        AddChanged((mirror.Applied ?? ForwardingTable.Empty).Services.AsSpan(), table.Services.AsSpan(), changed);
        if (mirror.Unfinished.Count == 0) return changed;
        return [.. changed.Union(mirror.Unfinished).Order()];
    }

    /// <summary>Both lists are ordered by name, so one walk finds all differences; what stayed costs one reference comparison.</summary>
    private static void AddChanged(ReadOnlySpan<CompiledService> old, ReadOnlySpan<CompiledService> wanted, List<ObjectName> changed)
    {
        int i = 0, j = 0;
        while (i < old.Length || j < wanted.Length)
        {
            if (i < old.Length && j < wanted.Length && ReferenceEquals(old[i], wanted[j]))
            {
                i++;
                j++;
                continue;
            }
            var order = i == old.Length ? 1 : j == wanted.Length ? -1 : old[i].Name.CompareTo(wanted[j].Name);
            changed.Add(order <= 0 ? old[i].Name : wanted[j].Name);
            if (order <= 0) i++;
            if (order >= 0) j++;
        }
    }
}
