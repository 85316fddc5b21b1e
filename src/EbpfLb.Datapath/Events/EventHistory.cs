namespace EbpfLb.Datapath.Events;

/// <summary>An event with its number since the agent started.</summary>
public readonly record struct Numbered<T>(long Number, T Event);

/// <summary>The last events of a kind. Thread-safe; numbers let a reader ask for what is new to him.</summary>
public class EventHistory<T>(int capacity)
{
    private readonly Lock gate = new();
    private readonly T[] ring = new T[capacity];
    private TaskCompletionSource changed = NewSignal();
    private long count;

    /// <summary>The number of the last one; 0: there was none.</summary>
    public long Last
    {
        get
        {
            lock (gate) return count;
        }
    }

    public void Add(T item)
    {
        TaskCompletionSource signal;
        lock (gate)
        {
            ring[count++ % capacity] = item;
            signal = changed;
            changed = NewSignal();
        }
        signal.SetResult();
    }

    /// <summary>Those after a number that are still kept, oldest first; all that are kept after 0.</summary>
    public IReadOnlyList<Numbered<T>> After(long number)
    {
        lock (gate)
        {
            var first = Math.Max(Math.Max(number, 0), count - capacity);
            if (first >= count) return [];
            var events = new Numbered<T>[count - first];
            for (var i = 0; i < events.Length; i++) events[i] = new Numbered<T>(first + i + 1, ring[(first + i) % capacity]);
            return events;
        }
    }

    /// <summary>Ends when there is one after that number, or the time is over.</summary>
    public async Task WaitAfterAsync(long number, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        Task signal;
        lock (gate)
        {
            if (count > number) return;
            signal = changed.Task;
        }
        try
        {
            await signal.WaitAsync(timeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Timed out.
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>The last drops.</summary>
public sealed class DropHistory(int capacity) : EventHistory<DropEvent>(capacity)
{
    public const int DefaultCapacity = 1000;
}

/// <summary>The last traces.</summary>
public sealed class TraceHistory(int capacity) : EventHistory<TraceEvent>(capacity)
{
    /// <summary>More than <see cref="ITraceSource.Drain"/> finds at once.</summary>
    public const int DefaultCapacity = 4096;
}
