using EbpfLb.Agent.Control;
using EbpfLb.Configuration.Values;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>The agent itself, as it answers on its control socket.</summary>
internal static class AgentChecks
{
    private const string Process = "agent.process", Ready = "agent.ready", Sync = "agent.sync", Notes = "agent.warnings";
    private const string Drains = "agent.drains";
    private const string Start = "start it: `systemctl start ebpflb`, or the DaemonSet's pod of this node; its log says why it ended";

    /// <summary>A source that was silent for longer has lost its connection.</summary>
    private static readonly TimeSpan Silent = TimeSpan.FromMinutes(10);

    public static IEnumerable<CheckResult> OfProcess(DoctorFacts facts) => [JudgeProcess(facts.Status, facts.Owner?.ToString())];

    public static IEnumerable<CheckResult> OfState(DoctorFacts facts)
        => facts.Status is { Origin: Origin.Agent } status ? JudgeState(status)
            : new[] { Ready, Sync, Notes, Drains }.Select(check => CheckResult.NotKnown(check, "no agent answers"));

    /// <param name="owner">Who marks the instance as its own; null: nobody.</param>
    public static CheckResult JudgeProcess(StatusReport? status, string? owner)
    {
        if (status is { Origin: Origin.Agent })
            return status.Version == VersionCommand.Version
                ? CheckResult.Ok(Process, $"version {status.Version}{(owner is null ? "" : $", {owner}")}")
                : CheckResult.Warning(Process, $"the agent is of version {status.Version} and this command of {VersionCommand.Version}",
                    "use the agent's own command, or restart the agent for the new version");
        if (owner is not null)
            return CheckResult.Problem(Process, $"an agent ({owner}) owns the instance and does not answer on its control socket",
                "give its run directory; if that is right, its log says why it has no socket");
        return status is null ? CheckResult.Warning(Process, "no agent runs, and none has left anything in force", Start)
            : CheckResult.Problem(Process, "no agent runs: what the last one programmed stays in force and is not kept up to date", Start);
    }

    public static IEnumerable<CheckResult> JudgeState(StatusReport status)
    {
        foreach (var reason in status.NotReady) yield return CheckResult.Problem(Ready, reason,
            "the message says what it waits for; `ebpflb status` has the rest");
        foreach (var failure in status.Failures) yield return CheckResult.Problem(Ready, $"not programmed: {failure}",
            "do what the message says: a larger option, or a restart");
        if (status is { NotReady.Count: 0, Failures.Count: 0 }) yield return CheckResult.Ok(Ready, "ready, and everything is programmed");
        yield return JudgeSync(status);
        foreach (var text in status.Problems) yield return CheckResult.Warning(Notes, text, "correct the object");
        foreach (var text in status.Warnings)
        {
            var (what, remedy) = text.LastIndexOf("; ", StringComparison.Ordinal) is var cut and > 0 ? (text[..cut], text[(cut + 2)..])
                : (text, "see `ebpflb status`");
            yield return CheckResult.Warning(Notes, what, remedy);
        }
        if (status is { Problems.Count: 0, Warnings.Count: 0 }) yield return CheckResult.Ok(Notes, "none");
        foreach (var drain in status.Drains) yield return JudgeDrain(drain);
        if (status.Drains.Count == 0) yield return CheckResult.Ok(Drains, "no backend is drained");
    }

    private static CheckResult JudgeDrain(DrainRow drain)
    {
        var what = $"{drain.Backend} of {drain.Service ?? "all Services"} is drained since {DrainText.Time(drain.Since)}"
            + (drain.Until is { } until ? $", until {DrainText.Time(until)}" : ", until it is undrained")
            + (drain.AbsentSince is { } absent
                ? $"; its Services have not had that backend since {DrainText.Time(absent)}, and it ends 10 minutes after that" : "");
        return CheckResult.Warning(Drains, drain.UsedBy.Count == 0 ? what
            : $"{what}, and used all the same by {string.Join(", ", drain.UsedBy)}: nothing else is left there",
            $"`ebpflb undrain {drain.Backend}` when it is no longer wanted");
    }

    /// <summary>A server has a check of its own.</summary>
    private static string Remedy(SourceReport source) => source.Description.Contains("://", StringComparison.Ordinal)
        ? "see api.server above" : "correct the file that the message names";

    private static CheckResult JudgeSync(StatusReport status)
    {
        if (status.Source is not { } source) return CheckResult.NotKnown(Sync, "the agent does not say what its source is");
        if (!source.Synced)
            return CheckResult.Problem(Sync, $"{source.Description} was not read completely "
                + $"yet{(source.Error is { } why ? $": {why}" : "")}",
                $"{Remedy(source)}, and the agent's log");
        var age = source.ContactAgeSeconds is { } seconds ? TimeSpan.FromSeconds(Math.Round(seconds)) : (TimeSpan?)null;
        if (source.Error is { } error || age > Silent)
            return CheckResult.Problem(Sync,
                $"{source.Description} was last in contact {(age is { } old ? $"{DurationText.Format(old)} ago" : "never")}"
                    + (source.Error is { } text ? $": {text}" : ""), $"{Remedy(source)}; what is programmed stays in force meanwhile");
        return CheckResult.Ok(Sync, $"{source.Description}, last contact "
            + $"{(age is { } recent ? $"{DurationText.Format(recent)} ago" : "not timed")}"
            + (status.LastPlan is { } plan ? $", last change programmed {plan.EndedAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}" : ""));
    }
}
