using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using EbpfLb.Kubernetes.Manifests.Watching;
using EbpfLb.Model;
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

    private readonly ManifestOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly string description;
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
            return new SourceStatus(description, now.IsSynced, now.LastContact, now.Trouble ?? ErrorOf(now.Problems));
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
        ClusterSnapshot? last = null;
        while (true)
        {
            // Watch before looking: what changes in between is then noticed once too often and never missed.
            Follow(watcher);
            var changed = Refresh(store);
            if (store.IsThere && (changed || last is null))
            {
                if (Merge(store, builder, last) is { } next) yield return last = next;
            }
            await ChangeAsync(watcher, cancellationToken);
        }
    }

    private void Follow(ManifestWatcher watcher)
    {
        var before = watcher.Failure;
        watcher.Follow(options.Path);
        if (watcher.Failure is { } failure && failure != before) Log.ManifestsUnwatched(logger, description, options.RescanUnwatched.TotalSeconds, failure);
    }

    private bool Refresh(ManifestStore store)
    {
        string? trouble = null;
        var changed = false;
        try
        {
            changed = store.Refresh();
            if (!store.IsThere) trouble = $"{description} does not exist; create it or correct --manifests";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            trouble = $"{description} cannot be listed: {e.Message}; check that the agent may read it";
        }
        if (trouble is not null && trouble != state.Trouble) Log.ManifestsUnreadable(logger, trouble);
        state = state with { Trouble = trouble, LastContact = trouble is null ? time.GetUtcNow() : state.LastContact };
        return changed;
    }

    /// <summary>Joins the files; null when nothing came of it that a reader would see.</summary>
    private ClusterSnapshot? Merge(ManifestStore store, ClusterStateBuilder builder, ClusterSnapshot? last)
    {
        var conflicts = new ManifestMerge(options.NodeName).Apply(store.Files, builder);
        // A warning about an object that is not used anyway only hides the error.
        var refused = conflicts.Select(p => (p.File, p.Object)).ToHashSet();
        ImmutableArray<ManifestProblem> problems =
        [
            .. store.Problems.Where(p => p.IsError || !refused.Contains((p.File, p.Object))).Concat(conflicts).OrderBy(p => p.File, StringComparer.Ordinal).ThenBy(p => p.Line).ThenBy(p => p.Column),
        ];
        // The first reading and what changes its errors are news; each later change is for who asks.
        var level = state.IsSynced && state.Problems.SequenceEqual(problems) ? LogLevel.Debug : LogLevel.Information;
        Report(problems);
        var snapshot = builder.Build();
        state = state with { IsSynced = true, Problems = problems };
        Log.ManifestsRead(logger, level, description, store.Files.Count(), snapshot.Services.Count, problems.Count(p => p.IsError));
        return last is not null && ReferenceEquals(last.Services, snapshot.Services) && ReferenceEquals(last.Node, snapshot.Node)
            && last.ServiceCidrs == snapshot.ServiceCidrs ? null : snapshot;
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
        foreach (var mended in before.Where(p => p.IsError)) Log.ManifestMended(logger, mended);
    }

    /// <summary>Waits for a change and then until it is quiet.</summary>
    private async Task ChangeAsync(ManifestWatcher watcher, CancellationToken cancellationToken)
    {
        var rescan = watcher.IsWatching && state.Trouble is null ? options.Rescan : options.RescanUnwatched;
        if (!await watcher.WaitAsync(rescan, cancellationToken)) return;
        var since = time.GetTimestamp();
        while (await watcher.WaitAsync(options.Debounce, cancellationToken))
        {
            if (time.GetElapsedTime(since) >= options.LongestDebounce) return;
        }
    }

    private static string? ErrorOf(ImmutableArray<ManifestProblem> problems)
    {
        var errors = problems.Where(p => p.IsError).ToList();
        if (errors.Count == 0) return null;
        var shown = string.Join("\n", errors.Take(ShownProblems));
        return errors.Count <= ShownProblems ? shown : $"{shown}\nand {errors.Count - ShownProblems} more; the log has them all";
    }

    /// <param name="Trouble">Why the path itself cannot be read.</param>
    private sealed record State(bool IsSynced, DateTimeOffset? LastContact, string? Trouble, ImmutableArray<ManifestProblem> Problems);
}
