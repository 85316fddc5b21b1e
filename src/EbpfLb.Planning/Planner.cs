using EbpfLb.Model;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Plans;
using EbpfLb.Policy;

namespace EbpfLb.Planning;

/// <summary>Finds out what must be done so that the kernel does what a table says.</summary>
public static class Planner
{
    /// <summary>
    /// Makes a plan. A service with the same reference as in the table applied last is not even looked at, so a change costs what
    /// it touches. The ids that the plan needs are reserved in the mirror; a plan that is not applied gives them back when the next
    /// one is made.
    /// </summary>
    public static Plan Plan(ForwardingTable table, Mirror mirror)
    {
        lock (mirror.Sync)
        {
            Reservations.Release(mirror);
            var builder = new PlanBuilder(table, mirror);
            try
            {
                foreach (var name in Changed(table, mirror)) builder.PlanService(name, table.Find(name));
                builder.PlanLeftovers();
                builder.PlanReleasedFrontends();
                return mirror.Open = builder.ToPlan();
            }
            catch
            {
                builder.Abandon();
                throw;
            }
        }
    }

    /// <summary>Services that differ from the table applied last, or are unfinished; ordered by name.</summary>
    private static List<ObjectName> Changed(ForwardingTable table, Mirror mirror)
    {
        var changed = table.DifferencesFrom(mirror.Applied ?? ForwardingTable.Empty).Select(d => d.Key);
        return mirror.Unfinished.Count == 0 ? [.. changed] : [.. changed.Union(mirror.Unfinished).Order()];
    }
}
