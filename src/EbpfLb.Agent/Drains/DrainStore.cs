using EbpfLb.Model;
using EbpfLb.Policy;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Drains;

/// <summary>The drains of this instance, in memory and in their <see cref="DrainFile"/>. Thread-safe.</summary>
internal sealed class DrainStore
{
    private readonly Lock gate = new();
    private readonly DrainFile file;
    private readonly TimeProvider time;
    private List<TimedDrain> drains = [];

    public DrainStore(DrainFile file, TimeProvider time, ILogger logger)
    {
        (this.file, this.time) = (file, time);
        try
        {
            drains = [.. file.Read()];
            if (drains.Count > 0) Log.DrainsTakenOver(logger, drains.Count, file.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            Problem = $"drains of the agent before cannot be read from {file.Path}: {e.Message}; "
                + "drain anew what shall be drained, or remove the file";
            Log.DrainsNotRead(logger, file.Path, e.Message);
        }
    }

    /// <summary>What is wrong with the file; null: nothing, or it has been written since.</summary>
    public string? Problem { get; private set; }

    /// <summary>Those whose time is not over, for the policy.</summary>
    public ValueList<BackendDrain> Current => All.Select(d => d.Drain).ToValueList();

    /// <summary>Those whose time is not over.</summary>
    public IReadOnlyList<TimedDrain> All
    {
        get
        {
            var now = time.GetUtcNow();
            lock (gate) return [.. drains.Where(d => d.Until is not { } until || until > now)];
        }
    }

    /// <summary>When the next one ends by itself; null: none does.</summary>
    public DateTimeOffset? NextEnd
    {
        get
        {
            lock (gate) return drains.Min(d => d.Until);
        }
    }

    /// <summary>Adds one, in place of one of the same backend and Service.</summary>
    /// <exception cref="IOException">It cannot be kept; nothing has changed.</exception>
    public void Put(TimedDrain added)
    {
        lock (gate) Replace([.. drains.Where(d => !IsSame(d.Drain, added.Drain)), added]);
    }

    /// <summary>Removes those and returns them.</summary>
    /// <inheritdoc cref="Put"/>
    public IReadOnlyList<TimedDrain> Remove(Func<TimedDrain, bool> isMeant)
    {
        lock (gate)
        {
            var removed = drains.Where(isMeant).ToList();
            if (removed.Count > 0) Replace([.. drains.Except(removed)]);
            return removed;
        }
    }

    /// <summary>Says which Services have the backend of one that was taken over without them.</summary>
    public void Complete(TimedDrain drain, ValueList<ObjectName> services)
    {
        lock (gate)
        {
            var completed = drains.ConvertAll(d => d == drain ? d with { Services = services } : d);
            drains = completed;
            try
            {
                file.Write(completed);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next change writes them too; until then the next agent finds out by itself.
            }
        }
    }

    private void Replace(List<TimedDrain> next)
    {
        file.Write(next);
        drains = next;
        Problem = null;
    }

    private static bool IsSame(BackendDrain left, BackendDrain right) => left with { Always = false } == right with { Always = false };
}
