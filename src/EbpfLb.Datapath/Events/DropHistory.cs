namespace EbpfLb.Datapath.Events;

/// <summary>An event with its number since the agent started.</summary>
public readonly record struct NumberedDrop(long Number, DropEvent Event);

/// <summary>The last drops. Thread-safe; numbers let a reader ask for what is new to him.</summary>
public sealed class DropHistory(int capacity)
{
    public const int DefaultCapacity = 1000;

    private readonly Lock gate = new();
    private readonly DropEvent[] ring = new DropEvent[capacity];
    private TaskCompletionSource changed = NewSignal();
    private long count;

    public void Add(DropEvent drop)
    {
        TaskCompletionSource signal;
        lock (gate)
        {
            ring[count++ % capacity] = drop;
            signal = changed;
            changed = NewSignal();
        }
        signal.SetResult();
    }

    /// <summary>Those after a number that are still kept, oldest first; all that are kept after 0.</summary>
    public IReadOnlyList<NumberedDrop> After(long number)
    {
        lock (gate)
        {
            var first = Math.Max(Math.Max(number, 0), count - capacity);
            if (first >= count) return [];
            var drops = new NumberedDrop[count - first];
            for (var i = 0; i < drops.Length; i++) drops[i] = new NumberedDrop(first + i + 1, ring[(first + i) % capacity]);
            return drops;
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
