using System.Text.Json.Serialization;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands.Monitor;

/// <summary>What has changed from one status of an agent to the next.</summary>
internal static class StateChanges
{
    public const string NotReady = "not ready", Failed = "failed to program", Rejected = "rejected", Warning = "warning",
        SourceError = "source error";

    /// <param name="before">null: this is the first, and says how things are.</param>
    public static IReadOnlyList<StateChange> Of(StatusReport? before, StatusReport now)
    {
        List<StateChange> found = [];
        if (before?.Ready != now.Ready) found.Add(new StateChange(now.Ready ? "ready" : NotReady, string.Join("; ", now.NotReady)));
        else Compare(NotReady, before.NotReady, now.NotReady);
        Compare(Failed, before?.Failures ?? [], now.Failures);
        Compare(Rejected, before?.Problems ?? [], now.Problems);
        Compare(Warning, before?.Warnings ?? [], now.Warnings);
        if (before?.Source?.Error != now.Source?.Error)
            found.Add(new StateChange(now.Source?.Error is null ? "source ok" : SourceError,
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
internal sealed record StateChange(string What, string Text)
{
    [JsonIgnore]
    public Tone Tone => What switch
    {
        StateChanges.NotReady or StateChanges.Failed or StateChanges.SourceError => Tone.Error,
        StateChanges.Rejected or StateChanges.Warning => Tone.Warning,
        _ => Tone.None,
    };
}
