using EbpfLb.Agent.Kernel;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Canary;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Pipeline;

/// <summary>
/// Attaches the hooks and makes sure that they stay in force: somebody may detach them (docs/contract.md 13: what others
/// delete is repaired). Runs on the pipeline's thread.
/// </summary>
internal sealed class HookGuard(IHooks hooks, PipelineState state, TimeProvider time, ILogger logger)
{
    /// <summary>An emptied map has thousands of them.</summary>
    private const int MostNamed = 5;

    private string lastFaults = "";
    private string? lastProblem;
    private long? faultySince;

    /// <summary>
    /// Begins to compare all maps with what they should hold and to repair them, beside the pipeline; while it runs, another call does
    /// nothing.
    /// </summary>
    public Action RepairMaps { private get; init; } = () => { };

    /// <summary>Looks whether something is missing, which is cheap. False: <see cref="Check"/> should repair it now.</summary>
    public bool Watch()
    {
        // What is not in force is tried again by the check, at its own pace.
        if (!state.Hooks.InForce) return true;
        if (FindFaults() is not { Count: > 0 } faults)
        {
            RecordRepaired();
            return true;
        }
        faultySince ??= time.GetTimestamp();
        var text = string.Join("; ", faults.Take(MostNamed)) + (faults.Count > MostNamed ? $"; and {faults.Count - MostNamed} more" : "");
        if (text != lastFaults) Log.Fault(logger, lastFaults = text);
        return false;
    }

    /// <summary>Attaches when that has not happened or the canary died, and repairs. Returns whether the hooks are in force.</summary>
    public bool Check()
    {
        var before = state.Hooks;
        if (before.Attached && !Try(hooks.Repair, before)) return false;
        var canary = before.Attached ? hooks.CheckCanary() : null;
        string? failed = null;
        if (canary is not { Ok: true })
        {
            failed = canary?.Problem;
            if (!Try(hooks.Attach, before)) return false;
            canary = hooks.CheckCanary();
        }
        // What is still wrong is in the maps.
        var left = FindFaults();
        if (!canary.Ok) canary = canary with { Problem = Cause(canary, left) };
        if (left.Count > 0 || (!canary.Ok && before.InForce)) RepairMaps();
        state.RecordHooks(new HookState(true, null, canary, time.GetUtcNow()));
        if (!canary.Ok && canary.Problem != lastProblem) Log.CanaryFailed(logger, canary.Problem ?? "");
        else if (canary.Ok && failed is not null && before.InForce) Log.CanaryRepaired(logger, failed);
        else if (canary.Ok && !before.InForce) LogAttached();
        lastProblem = canary.Problem;
        if (canary.Ok && left.Count == 0) RecordRepaired();
        return canary.Ok;
    }

    private IReadOnlyList<Difference> FindFaults()
    {
        try
        {
            return hooks.FindFaults();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return [new Difference(VerifyStage.Attachment, "hooks", "state", "readable", e.Message)];
        }
    }

    private void RecordRepaired()
    {
        if (faultySince is not { } since) return;
        Log.FaultCleared(logger, time.GetElapsedTime(since).TotalMilliseconds);
        (faultySince, lastFaults) = (null, "");
    }

    /// <summary>The canary sees that something is wrong, not what: where that is known it is said instead.</summary>
    private string Cause(CanaryResult canary, IReadOnlyList<Difference> faults)
    {
        if (faults.Count > 0) return $"{canary.Seen}, because {string.Join("; ", faults.Take(MostNamed))}; it is being put back";
        return state.LastRound?.Failures.FirstOrDefault(f => f.Service == Policy.Canary.Name) is { } failure
            ? $"{canary.Seen}, because its own entries are not in the maps: {failure.Message}"
            : canary.Problem ?? "";
    }

    private bool Try(Action act, HookState before)
    {
        try
        {
            act();
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (hooks.Lost is { } lost)
            {
                if (lost != lastProblem) Log.OwnershipLost(logger, lost);
            }
            else if (e.Message != lastProblem)
            {
                Log.AttachFailed(logger, e, e.Message);
            }
            lastProblem = hooks.Lost ?? e.Message;
            // The canary was not asked: whether it would answer now is not known.
            state.RecordHooks(new HookState(false, e.Message, null, before.CheckedAt));
            return false;
        }
    }

    private void LogAttached()
    {
        foreach (var place in hooks.Attached.GroupBy(h => (h.Action, h.Cgroup)))
            Log.HooksAttached(logger, string.Join(',', place.Select(h => h.Hook)), place.Key.Action, place.Key.Cgroup);
        Log.CanaryOk(logger);
    }
}

/// <summary>How the hooks are.</summary>
/// <param name="Attached">Everything has been attached by this process.</param>
/// <param name="Error">Why attaching failed the last time; null when it did not.</param>
/// <param name="Canary">The last check; null before the first one, and where attaching or repairing failed since.</param>
/// <param name="CheckedAt">UTC, when the canary was checked last.</param>
internal sealed record HookState(bool Attached, string? Error, CanaryResult? Canary, DateTimeOffset? CheckedAt)
{
    public static HookState None { get; } = new(false, null, null, null);

    public bool InForce => Attached && Canary is { Ok: true };
}
