using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Plans;
using EbpfLb.Planning.Tables;
using EbpfLb.Planning.Verification;

namespace EbpfLb.Planning.Apply;

/// <summary>
/// Carries out plans on tables and tells the mirror what really went in. Operations of a Service stand and fall
/// together, and a Service that fails does not stop the others. Thread-safe: <see cref="Retire"/> may be called
/// while another thread plans or applies.
/// </summary>
public sealed class PlanApplier(PlanTables tables, Mirror mirror)
{
    private readonly SourceTables sources = new(tables, mirror);

    /// <summary>Of a plan that was torn: what it had taken out of use already.</summary>
    private RetireBatch rescued = new();

    /// <summary>
    /// Phases 1 to 5. Phase 6 is the caller's: wait for a grace period, then <see cref="Retire"/> what the result holds;
    /// planning and applying may go on meanwhile. After any other exception than the one named here the mirror holds on to all that the
    /// plan may have written; call <see cref="Recover"/> before the next plan is made.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another plan was made since, or this one was applied already.</exception>
    public ApplyResult Apply(Plan plan)
    {
        lock (mirror.Sync)
        {
            if (!ReferenceEquals(mirror.Open, plan))
                throw new InvalidOperationException("only the plan made last can be applied, and only once; plan again");
            var run = new PlanRun(plan, tables, sources, mirror);
            try
            {
                var result = run.Execute();
                result.Retired.AddRange(rescued);
                rescued = new RetireBatch();
                return result;
            }
            catch
            {
                rescued.AddRange(run.Abandon());
                throw;
            }
        }
    }

    /// <summary>
    /// Reads the tables and tells the mirror what is in them, if the last <see cref="Apply"/> ended with an exception; else nothing. What
    /// differs is planned again. Belongs to the thread that plans.
    /// </summary>
    public void Recover()
    {
        lock (mirror.Sync)
        {
            if (!mirror.IsTorn) return;
        }
        var verification = new TableVerification(tables, mirror);
        foreach (var _ in verification.Scan())
        {
            // All at once: nothing else may be done before.
        }
        verification.Confirm(adopt: true);
        lock (mirror.Sync) mirror.IsTorn = false;
    }

    /// <summary>
    /// Phase 6: clears backends and gives ids and ranges back. Call it when every program that began before the batch was
    /// made has ended. Returns what could not be cleared, with the reason; it stays taken and is to be retired again later. One that cannot
    /// be cleared, whatever the reason, keeps no other backend, source or range.
    /// </summary>
    public RetireBatch Retire(RetireBatch batch)
    {
        lock (mirror.Sync)
        {
            var remaining = new RetireBatch();
            foreach (var id in batch.Backends)
                Try(remaining, remaining.Backends, id, () => Clear(id, remaining), () => mirror.BackendIds.Contains(id));
            foreach (var key in batch.Sources) Try(remaining, remaining.Sources, key, () => RetireSource(key), () => true);
            foreach (var range in batch.Ranges)
            {
                Try(remaining, remaining.Ranges, range, () =>
                {
                    mirror.TableOf(range).Free(range.First, range.Length);
                    return true;
                }, () => false);
            }
            // What was not cleared may be one of these services'.
            var cleared = remaining.IsEmpty;
            foreach (var id in batch.Services)
                Try(remaining, remaining.Services, id, () => cleared && RetireService(id), () => mirror.ServiceIds.Contains(id));
            // Ranges can always be given back, so a batch of them alone says nothing of the others.
            if (batch.Backends.Count + batch.Sources.Count + batch.Services.Count == 0) return remaining;
            mirror.NotGivenBack = (remaining.Services.Count, remaining.Backends.Count, remaining.Problem);
            return remaining;
        }
    }

    /// <param name="isTaken">Asked after an exception: what is not taken has nothing to give back, and would fail for ever.</param>
    private static void Try<T>(RetireBatch remaining, List<T> left, T item, Func<bool> retire, Func<bool> isTaken)
    {
        try
        {
            if (!retire()) left.Add(item);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            remaining.RecordFault(e);
            if (isTaken()) left.Add(item);
        }
    }

    private bool Clear(uint id, RetireBatch remaining)
    {
        if (tables.Backends.Write(id, [default]) is var error and not TableError.None)
        {
            remaining.RecordProblem($"writing to {tables.Backends.Name} failed with {error} (errno {(int)error})");
            return false;
        }
        mirror.BackendIds.Free(id);
        return true;
    }

    private bool RetireService(uint id)
    {
        if (!mirror.Sources.Of(id).ToArray().All(key => sources.Remove(key) == TableError.None)) return false;
        mirror.ServiceIds.Free(id);
        return true;
    }

    /// <summary>False when the range is still there and must go later.</summary>
    private bool RetireSource(SourceKey key)
    {
        if (!mirror.Sources.IsMarked(key)) return true;
        // The plan may count on it.
        var owner = mirror.Sources.OwnerOf(key);
        if (mirror.Open?.Ports.Any(p => p.Record.Id == owner) == true) return false;
        return sources.Remove(key) == TableError.None;
    }
}
