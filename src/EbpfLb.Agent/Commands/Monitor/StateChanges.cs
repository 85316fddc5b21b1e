using EbpfLb.Agent.Control;

namespace EbpfLb.Agent.Commands.Monitor;

/// <summary>What has changed from one status of an agent to the next.</summary>
internal static class StateChanges
{
    /// <param name="before">null: this is the first, and says how things are.</param>
    public static IReadOnlyList<StateChange> Of(StatusReport? before, StatusReport now)
    {
        List<StateChange> found = [];
        if (before?.Ready != now.Ready) found.Add(new StateChange(now.Ready ? "ready" : "not ready", string.Join("; ", now.NotReady)));
        else Compare("not ready", before.NotReady, now.NotReady);
        Compare("failed to program", before?.Failures ?? [], now.Failures);
        Compare("rejected", before?.Problems ?? [], now.Problems);
        Compare("warning", before?.Warnings ?? [], now.Warnings);
        if (before is not null && before.Source?.Error != now.Source?.Error)
            found.Add(new StateChange(now.Source?.Error is null ? "source ok" : "source error",
                now.Source?.Error ?? now.Source?.Description ?? ""));
        if (before?.LastPlan is { } last && now.LastPlan is { } plan && plan.Snapshot > last.Snapshot)
            found.Add(new StateChange("programmed", $"{plan.Services} services, {plan.Operations} operations, {plan.Failed} failed"));
        return found;

        void Compare(string what, IReadOnlyList<string> then, IReadOnlyList<string> those)
        {
            found.AddRange(those.Except(then).Select(text => new StateChange(what, text)));
            found.AddRange(then.Except(those).Select(text => new StateChange($"no more: {what}", text)));
        }
    }
}

/// <param name="What">"ready", "not ready", "warning" ...</param>
/// <param name="Text">More words; may be empty.</param>
internal sealed record StateChange(string What, string Text);
