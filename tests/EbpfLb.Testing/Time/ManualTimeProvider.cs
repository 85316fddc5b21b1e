namespace EbpfLb.Testing.Time;

/// <summary>
/// A clock that a test moves. Timers fire inside <see cref="Advance"/>, in order of their due times, on the caller's
/// thread. <see cref="WhenTimerIsDueIn"/> lets a test wait until the code under test has begun to wait.
/// </summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private readonly List<(TimeSpan DueIn, TaskCompletionSource Seen)> watchers = [];
    private DateTimeOffset now;
    private TimeSpan wallStep;

    public ManualTimeProvider(DateTimeOffset? start = null) => now = start ?? new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return now + wallStep;
    }

    /// <summary>Steps the wall clock, as NTP or a person does: timers and timestamps do not notice.</summary>
    public void StepWallClock(TimeSpan by)
    {
        lock (gate) wallStep += by;
    }

    public override long GetTimestamp()
    {
        lock (gate) return now.UtcTicks;
    }

    /// <summary>How long after now each running timer is due, shortest first.</summary>
    public IReadOnlyList<TimeSpan> PendingTimers
    {
        get
        {
            lock (gate) return [.. timers.Where(t => t.Due is not null).Select(t => t.Due!.Value - now).Order()];
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock and fires what becomes due on the way.</summary>
    public void Advance(TimeSpan time)
    {
        DateTimeOffset target;
        lock (gate) target = now + time;
        while (TakeNext(target) is { } timer) timer.Fire();
    }

    /// <summary>Completes as soon as a timer is due exactly this long after the present time.</summary>
    public Task WhenTimerIsDueIn(TimeSpan dueIn)
    {
        lock (gate)
        {
            if (timers.Exists(t => t.Due - now == dueIn)) return Task.CompletedTask;
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            watchers.Add((dueIn, seen));
            return seen.Task;
        }
    }

    private ManualTimer? TakeNext(DateTimeOffset target)
    {
        lock (gate)
        {
            var next = timers.Where(t => t.Due <= target).MinBy(t => t.Due);
            if (next is null)
            {
                // What was fired may have moved the clock further.
                now = target > now ? target : now;
                return null;
            }
            now = next.Due!.Value > now ? next.Due.Value : now;
            next.Due = next.Period > TimeSpan.Zero ? next.Due + next.Period : null;
            return next;
        }
    }

    private void Schedule(ManualTimer timer, TimeSpan dueIn, TimeSpan period)
    {
        lock (gate)
        {
            timer.Due = dueIn < TimeSpan.Zero ? null : now + dueIn;
            timer.Period = period;
            if (!timers.Contains(timer)) timers.Add(timer);
            foreach (var (_, seen) in watchers.FindAll(w => w.DueIn == dueIn)) seen.SetResult();
            watchers.RemoveAll(w => w.DueIn == dueIn);
        }
        if (dueIn == TimeSpan.Zero) Advance(TimeSpan.Zero);
    }

    private void Remove(ManualTimer timer)
    {
        lock (gate) timers.Remove(timer);
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset? Due { get; set; }

        public TimeSpan Period { get; set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.Schedule(this, dueTime, period);
            return true;
        }

        public void Dispose() => clock.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
