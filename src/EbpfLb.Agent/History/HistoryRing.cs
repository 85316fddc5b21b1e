using EbpfLb.Agent.Control;

namespace EbpfLb.Agent.History;

/// <summary>The last plans, as many as there is room for. Thread-safe; numbers let a reader ask for what is new.</summary>
/// <param name="mostBytes">Of their texts and records in memory, about.</param>
internal sealed class HistoryRing(int mostPlans, int mostBytes)
{
    public const int DefaultPlans = 1000;
    public const int DefaultBytes = 1 << 20;

    private const int BytesOfPlan = 200, BytesOfChange = 150, BytesOfText = 40, BytesOfChar = 2;

    private readonly Lock gate = new();
    private readonly LinkedList<(PlanRow Plan, int Bytes)> plans = [];
    private int bytes;
    private long dropped;
    private long version;
    private TaskCompletionSource changed = NewSignal();

    /// <summary>The caller holds the lock.</summary>
    private long Last => plans.Last?.Value.Plan.Number ?? 0;

    /// <summary>What is kept, oldest first, how many were dropped for want of room, and a number that rises with every change.</summary>
    public (IReadOnlyList<PlanRow> Plans, long Dropped, long Version) Read()
    {
        lock (gate) return ([.. plans.Select(p => p.Plan)], dropped, version);
    }

    /// <summary>Those of an agent before that are here may lack its last ones.</summary>
    public bool PlansMissing { get; private set; }

    /// <summary>Those of an agent before, which come before all others.</summary>
    /// <param name="isWhole">These are all up to its last one.</param>
    public void Restore(IReadOnlyList<PlanRow> earlier, long olderDropped, bool isWhole)
    {
        lock (gate)
        {
            foreach (var plan in earlier) Enqueue(plan);
            this.dropped += olderDropped;
            PlansMissing = earlier.Count > 0 && !isWhole;
        }
    }

    /// <summary>Adds a plan under the next number.</summary>
    public void Add(PlanRow plan) => Change(() => Enqueue(plan with { Number = Last + 1 }));

    /// <summary>The last plan failed again, in the same way.</summary>
    public void Repeat(DateTimeOffset at) => Change(() =>
    {
        if (plans.Last is not { } last) return;
        var (plan, size) = last.Value;
        last.Value = (plan with { Repeated = plan.Repeated + 1, RepeatedAt = at }, size);
    });

    /// <summary>Ends when there is one after that number, or the time is over.</summary>
    public async Task WaitAfterAsync(long number, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        Task signal;
        lock (gate)
        {
            if (Last > number) return;
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

    private void Change(Action change)
    {
        TaskCompletionSource signal;
        lock (gate)
        {
            change();
            version++;
            (signal, changed) = (changed, NewSignal());
        }
        signal.SetResult();
    }

    private void Enqueue(PlanRow plan)
    {
        var size = SizeOf(plan);
        plans.AddLast((plan, size));
        bytes += size;
        // The last one stays, whatever its size.
        while (plans.Count > 1 && (plans.Count > mostPlans || bytes > mostBytes))
        {
            bytes -= plans.First!.Value.Bytes;
            plans.RemoveFirst();
            dropped++;
        }
    }

    private static int SizeOf(PlanRow plan)
        => BytesOfPlan + plan.Changes.Sum(c => BytesOfChange + SizeOf(c.Service) + SizeOf(c.Failed) + c.What.Sum(SizeOf)
            + (c.Backends?.Names.Sum(SizeOf) ?? 0)) + plan.Failures.Sum(SizeOf);

    private static int SizeOf(string? text) => text is null ? 0 : BytesOfText + BytesOfChar * text.Length;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
