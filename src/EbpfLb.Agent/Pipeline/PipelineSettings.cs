namespace EbpfLb.Agent.Pipeline;

/// <summary>The rhythm of the pipeline (docs/contract.md 13).</summary>
/// <param name="MinSyncPeriod">At least this long between the end of a round and the begin of the next. Zero: at once.</param>
/// <param name="SyncPeriod">The longest wait after a failure, and how often the hooks are checked.</param>
internal sealed record PipelineSettings(TimeSpan MinSyncPeriod, TimeSpan SyncPeriod)
{
    /// <summary>How long something that was detached or emptied may stay unseen; null: until the next check of the hooks.</summary>
    public TimeSpan? WatchPeriod { get; init; }

    public static PipelineSettings Default { get; } = new(TimeSpan.Zero, TimeSpan.FromSeconds(30));
}
