using EbpfLb.Agent.Kernel;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Pipeline;

/// <summary>
/// Attaches the hooks and makes sure that they stay in force: somebody may detach them (contract section 13: what others
/// delete is repaired). Runs on the pipeline's thread.
/// </summary>
internal sealed class HookGuard(IDataplane dataplane, PipelineState state, TimeProvider time, ILogger logger)
{
    /// <summary>Attaches when that has not happened or the canary died. Returns whether the hooks are in force.</summary>
    public bool Check()
    {
        var before = state.Hooks;
        if (before.Attached && !Try(dataplane.Mend, before)) return false;
        var canary = before.Attached ? dataplane.CheckCanary() : null;
        string? failed = null;
        if (canary is not { Ok: true })
        {
            failed = canary?.Problem;
            if (!Try(dataplane.Attach, before)) return false;
            canary = dataplane.CheckCanary();
        }
        state.RecordHooks(new HookState(true, null, canary, time.GetUtcNow()));
        if (!canary.Ok) Log.CanaryFailed(logger, canary.Problem ?? "");
        else if (failed is not null && before.InForce) Log.CanaryRepaired(logger, failed);
        else if (!before.InForce) LogAttached();
        return canary.Ok;
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
            Log.AttachFailed(logger, e, e.Message);
            state.RecordHooks(before with { Attached = false, Error = e.Message, CheckedAt = time.GetUtcNow() });
            return false;
        }
    }

    private void LogAttached()
    {
        foreach (var place in dataplane.Hooks.GroupBy(h => (h.Action, h.Cgroup)))
            Log.HooksAttached(logger, string.Join(',', place.Select(h => h.Hook)), place.Key.Action, place.Key.Cgroup);
        Log.CanaryOk(logger);
    }
}
