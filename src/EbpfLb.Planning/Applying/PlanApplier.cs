using EbpfLb.Planning.Mirroring;
using EbpfLb.Planning.Planned;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Planning.Applying;

/// <summary>
/// Carries out plans on tables and tells the mirror what really went in. Operations of a Service stand and fall
/// together, and a Service that fails does not stop the others. Thread-safe: <see cref="Retire"/> may be called
/// while another thread plans or applies.
/// </summary>
public sealed class PlanApplier(PlanTables tables, Mirror mirror)
{
    /// <summary>
    /// Phases 1 to 5. Phase 6 is the caller's: wait for a grace period, then <see cref="Retire"/> what the result holds;
    /// planning and applying may go on meanwhile.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another plan was made since, or this one was applied already.</exception>
    public ApplyResult Apply(Plan plan)
    {
        lock (mirror.Sync)
        {
            if (!ReferenceEquals(mirror.Open, plan))
                throw new InvalidOperationException("only the plan made last can be applied, and only once; plan again");
            return new PlanRun(plan, tables, mirror).Execute();
        }
    }

    /// <summary>
    /// Phase 6: clears backends and gives ids and ranges back. Call it when every program that began before the batch was
    /// made has ended. Returns what could not be cleared; it stays taken and is to be retired again later.
    /// </summary>
    public RetireBatch Retire(RetireBatch batch)
    {
        lock (mirror.Sync)
        {
            var remaining = new RetireBatch();
            foreach (var id in batch.Backends)
            {
                if (tables.Backends.Write(id, [default]) == TableError.None) mirror.BackendIds.Free(id);
                else remaining.Backends.Add(id);
            }
            foreach (var range in batch.Ranges) mirror.Slots.Free(range.First, range.Count);
            // A backend that was not cleared may be one of these services'.
            if (!remaining.IsEmpty) remaining.Services.AddRange(batch.Services);
            else foreach (var id in batch.Services) mirror.ServiceIds.Free(id);
            return remaining;
        }
    }
}
