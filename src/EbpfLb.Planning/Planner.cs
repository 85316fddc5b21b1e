using EbpfLb.Model;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Plans;
using EbpfLb.Policy;

namespace EbpfLb.Planning;

/// <summary>Finds out what must be done so that the kernel does what a table says.</summary>
public static class Planner
{
    /// <summary>How many services <see cref="Steps"/> adds at once. Their plan takes some 5 MiB where each has 5 endpoints.</summary>
    public const int StepSize = 4096;

    /// <summary>
    /// The tables to plan and apply one after another; the last of them is the given one. A plan holds of each service as much again as
    /// the mirror will, and the first one has all services: into an empty kernel they go in steps. A kernel that has something already gets
    /// one plan: a frontend that moves from one service to another must not be in two of them.
    /// </summary>
    public static IEnumerable<ForwardingTable> Steps(ForwardingTable table, Mirror mirror)
    {
        lock (mirror.Sync)
        {
            // Where there is not room for all, the plan must know all to choose.
            if (!mirror.IsEmpty || PlanOrder.IsShort(mirror, table.Services)) return [table];
            // Dictionaries that grow step by step leave several times their size behind.
            mirror.Expect(
                table.Services.Sum(s => s.Ports.Sum(p => p.Frontends.Count + (p.RejectedAddress is null ? 0 : 1))), table.Count);
            return table.Growing(StepSize);
        }
    }

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
                var waiting = builder.LeaveOutWaiting();
                foreach (var name in Changed(table, mirror, waiting)) builder.PlanService(name, table.Find(name));
                builder.MakeRoom();
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

    /// <summary>
    /// Services that differ from the table applied last, or are unfinished and not waiting for room; ordered by name, or where there may
    /// not be room for all of them, as <see cref="PlanOrder"/> has it.
    /// </summary>
    private static List<ObjectName> Changed(ForwardingTable table, Mirror mirror, HashSet<ObjectName> waiting)
    {
        var differing = table.DifferencesFrom(mirror.Applied ?? ForwardingTable.Empty).Select(d => d.Key).Where(n => !waiting.Contains(n));
        var again = mirror.Unfinished.Where(n => !waiting.Contains(n)).ToList();
        List<ObjectName> changed = again.Count == 0 ? [.. differing] : [.. differing.Union(again).Order()];
        if (changed.Count > 1 && PlanOrder.IsShort(mirror, changed.Select(table.Find).OfType<CompiledService>()))
            PlanOrder.Sort(changed, table, mirror);
        return changed;
    }
}
