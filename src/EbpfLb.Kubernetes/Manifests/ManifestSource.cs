using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using EbpfLb.Kubernetes.Manifests.Watcher;
using EbpfLb.Model;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Kubernetes.Manifests;

/// <summary>
/// The cluster as files tell it: Services, EndpointSlices, Endpoints, Nodes and ServiceCIDRs in YAML or JSON, one file or a directory
/// with its subdirectories. What an API server would refuse is refused with all its mistakes; a broken file keeps its
/// last good content and does not disturb the others. Write files under another name and rename them: a file that is
/// read half-written may be valid and short. Every call of <see cref="ReadAsync"/> starts afresh; one at a time.
/// </summary>
public sealed class ManifestSource : IClusterSource
{
    /// <summary>Problems that fit into a status line; the rest is in <see cref="Problems"/> and in the log.</summary>
    private const int ShownProblems = 5;

    /// <summary>Looking through everything although nothing was noticed takes at most one part of so many of the time.</summary>
    private const int RescanShare = 50;

    private readonly ManifestOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly string description;
    private TimeSpan lookTime;
    private volatile State state = new(false, null, null, []);

    public ManifestSource(ManifestOptions options, TimeProvider time, ILogger<ManifestSource> logger)
    {
        this.options = options;
        this.time = time;
        this.logger = logger;
        description = Path.GetFullPath(options.Path);
    }

    public SourceStatus Status
    {
        get
        {
            var now = state;
            return new SourceStatus(description, now.IsSynced, now.LastContact, now.Problem ?? ErrorOf(now.Problems))
            {
                ContactAge = now.LastContact is null ? null : time.GetElapsedTime(now.ContactStamp),
            };
        }
    }

    /// <summary>Everything a person should look at, errors and warnings, by file and line; may be read from any thread.</summary>
    public ImmutableArray<ManifestProblem> Problems => state.Problems;

    public async IAsyncEnumerable<ClusterSnapshot> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        state = new State(false, null, null, []);
        var store = new ManifestStore(options, time, logger);
        var builder = new ClusterStateBuilder();
        using var watcher = new ManifestWatcher(time);
        var merge = new ManifestMerge(options.NodeName);
        ClusterSnapshot? last = null;
        while (true)
        {
            var begin = time.GetTimestamp();
            var changes = watcher.Take();
            // Watch before looking: what changes in between is then noticed once too often and never missed.
            if (changes.Everything) Follow(watcher);
            var changed = Refresh(store, changes);
            var next = store.IsThere && (changed || last is null) ? Merge(store, merge, builder, last) : null;
            var looked = changes.Everything ? time.GetElapsedTime(begin) : TimeSpan.Zero;
            if (changes.Everything && !changed) lookTime = looked;
            if (next is not null) yield return last = next;
            await ChangeAsync(watcher, looked, cancellationToken);
        }
    }

    private void Follow(ManifestWatcher watcher)
    {
        var before = watcher.Failure;
        watcher.Follow(options.Path);
        if (watcher.Failure is { } failure && failure != before)
            Log.ManifestsUnwatched(logger, description, options.RescanUnwatched.TotalSeconds, failure);
    }

    private bool Refresh(ManifestStore store, ManifestChanges changes)
    {
        string? problem = null;
        var changed = false;
        try
        {
            changed = store.Refresh(changes);
            if (!store.IsThere) problem = $"{description} does not exist; create it or correct {OptionNames.Manifests}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"{description} cannot be listed: {e.Message}; check that the agent may read it";
        }
        if (problem is not null && problem != state.Problem) Log.ManifestsUnreadable(logger, problem);
        state = problem is null
            ? state with { Problem = null, LastContact = time.GetUtcNow(), ContactStamp = time.GetTimestamp() }
            : state with { Problem = problem };
        return changed;
    }

    /// <summary>Joins the files; null when nothing came of it that a reader would see.</summary>
    private ClusterSnapshot? Merge(ManifestStore store, ManifestMerge merge, ClusterStateBuilder builder, ClusterSnapshot? last)
    {
        var before = state;
        if (last is not null && merge.TryChange(store.Changes, builder))
        {
            if (store.Changes.Any(c => c.HasProblems)) RecordProblems(store, merge.Problems);
        }
        else RecordProblems(store, merge.Apply(store.Files, builder));
        var snapshot = builder.Build();
        state = state with { IsSynced = true };
        // The first reading and what changes its errors are logged; each later change is for who asks.
        var level = before.IsSynced && state.Problems.SequenceEqual(before.Problems) ? LogLevel.Debug : LogLevel.Information;
        Log.ManifestsRead(logger, level, description, store.Count, snapshot.Services.Count, state.Problems.Count(p => p.IsError));
        return last is not null && ReferenceEquals(last.Services, snapshot.Services) && ReferenceEquals(last.Node, snapshot.Node)
            && last.ServiceCidrs == snapshot.ServiceCidrs && last.Nodes == snapshot.Nodes ? null : snapshot;
    }

    private void RecordProblems(ManifestStore store, IReadOnlyList<ManifestProblem> conflicts)
    {
        // A warning about an object that is not used anyway only hides the error.
        var refused = conflicts.Select(p => (p.File, p.Object)).ToHashSet();
        ImmutableArray<ManifestProblem> problems =
        [
            .. store.Problems.Where(p => p.IsError || !refused.Contains((p.File, p.Object))).Concat(conflicts)
                .OrderBy(p => p.File, StringComparer.Ordinal).ThenBy(p => p.Line).ThenBy(p => p.Column),
        ];
        Report(problems);
        state = state with { Problems = problems };
    }

    private void Report(ImmutableArray<ManifestProblem> problems)
    {
        var before = state.Problems.ToHashSet();
        foreach (var problem in problems)
        {
            if (before.Remove(problem)) continue;
            if (problem.IsError) Log.ManifestRefused(logger, problem);
            else Log.ManifestWarning(logger, problem);
        }
        foreach (var repaired in before.Where(p => p.IsError)) Log.ManifestRepaired(logger, repaired);
    }

    /// <summary>
    /// Waits for something that is whole: a file that was closed or renamed. One that stays open is taken when it has been quiet for a
    /// while.
    /// </summary>
    /// <param name="looked">How long the last look through everything took.</param>
    private async Task ChangeAsync(ManifestWatcher watcher, TimeSpan looked, CancellationToken cancellationToken)
    {
        if (watcher.HasWhole)
        {
            // While many files come at once, not more than half of the time is spent on looking through all.
            if (looked > TimeSpan.Zero)
                await time.DelayAsync(looked < options.LongestDebounce ? looked : options.LongestDebounce, cancellationToken);
            return;
        }
        var rescan = watcher.IsWatching && state.Problem is null ? options.Rescan : options.RescanUnwatched;
        if (rescan < RescanShare * lookTime) rescan = RescanShare * lookTime;
        if (!watcher.HasUnfinished && !await watcher.WaitAsync(rescan, cancellationToken))
        {
            watcher.Doubt();
            return;
        }
        var since = time.GetTimestamp();
        while (!watcher.HasWhole)
        {
            var isQuiet = !await watcher.WaitAsync(options.Debounce, cancellationToken);
            if (!watcher.HasWhole && (isQuiet || time.GetElapsedTime(since) >= options.LongestDebounce)) watcher.Finish();
            if (isQuiet) return;
        }
    }

    private static string? ErrorOf(ImmutableArray<ManifestProblem> problems)
    {
        var errors = problems.Where(p => p.IsError).ToList();
        if (errors.Count == 0) return null;
        var shown = string.Join("\n", errors.Take(ShownProblems));
        return errors.Count <= ShownProblems ? shown : $"{shown}\nand {errors.Count - ShownProblems} more; the log has them all";
    }

    /// <param name="Problem">Why the path itself cannot be read.</param>
    private sealed record State(bool IsSynced, DateTimeOffset? LastContact, string? Problem, ImmutableArray<ManifestProblem> Problems)
    {
        /// <summary>LastContact, for ages: clocks are set.</summary>
        public long ContactStamp { get; init; }
    }
}
