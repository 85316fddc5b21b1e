using EbpfLb.Planning.Encoding;
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
    private readonly SourceTables sources = new(tables, mirror);

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
            return new PlanRun(plan, tables, sources, mirror).Execute();
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
            foreach (var key in batch.Sources)
            {
                if (!RetireSource(key)) remaining.Sources.Add(key);
            }
            foreach (var range in batch.Ranges) mirror.Slots.Free(range.First, range.Count);
            // What was not cleared may be one of these services'.
            var cleared = remaining.IsEmpty;
            foreach (var id in batch.Services)
            {
                if (cleared && mirror.Sources.Of(id).ToArray().All(key => sources.Remove(key) == TableError.None)) mirror.ServiceIds.Free(id);
                else remaining.Services.Add(id);
            }
            return remaining;
        }
    }

    /// <summary>False when the range is still there and must go later.</summary>
    private bool RetireSource(SourceKey key)
    {
        if (!mirror.Sources.IsDying(key)) return true;
        // The plan may count on it.
        var owner = mirror.Sources.OwnerOf(key);
        if (mirror.Open?.Ports.Any(p => p.Record.Id == owner) == true) return false;
        return sources.Remove(key) == TableError.None;
    }
}
