using EbpfLb.Agent.Control;
using EbpfLb.Model;

namespace EbpfLb.Agent.History;

/// <summary>
/// Last changes of Services by the plans that are kept: a Service has the time of the last plan that names it, if no later one may have
/// changed it without naming it.
/// </summary>
internal static class EarlierChanges
{
    private const string Start = "start", Removed = "removed";

    /// <param name="plans">Oldest first, without a gap up to the last one.</param>
    public static IReadOnlyDictionary<ObjectName, DateTimeOffset> Of(IReadOnlyList<PlanRow> plans)
    {
        var found = new Dictionary<ObjectName, DateTimeOffset>();
        HashSet<string> known = new(StringComparer.Ordinal);
        for (var i = plans.Count - 1; i >= 0; i--)
        {
            var plan = plans[i];
            // What failed is as it was before.
            foreach (var change in plan.Changes.Where(c => c.Failed is null && known.Add(c.Service)))
                if (change.Change != Removed && change.Service.Split('/') is [var space, var name])
                    found[new ObjectName(space, name)] = plan.Time;
            if (HidesChanges(plan)) break;
        }
        return found;
    }

    /// <summary>
    /// It changed more Services than it names, took over from tables that were others, follows plans that are missing, or did not come to
    /// its end.
    /// </summary>
    private static bool HidesChanges(PlanRow plan)
        => plan.NotListed > 0 || plan.PlansMissing || (plan.Cause == Start && plan.Operations > 0)
            || (!plan.Programmed && plan.Changes.Count == 0);
}
