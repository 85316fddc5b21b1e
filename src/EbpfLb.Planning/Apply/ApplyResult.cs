using System.Collections.Immutable;
using EbpfLb.Model;
using EbpfLb.Planning.Plans;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Planning.Apply;

/// <summary>An operation on a table failed: the Service is as it was before, or as the message says; the next plan tries again.</summary>
/// <param name="Table">As the kernel shows it.</param>
/// <param name="Message">What happened and what to do about it.</param>
public sealed record ApplyFailure(ObjectName Service, string Table, TableError Error, string Message)
{
    public FailureReason Reason => FailureReasons.Of(Error);

    public override string ToString() => $"Service {Service}: {Message}";
}

/// <summary>What became of a plan.</summary>
/// <param name="Counts">What was done, without the parts that failed; phase 6 is what <paramref name="Retired"/> will do.</param>
/// <param name="Failures">One for each Service that failed.</param>
/// <param name="LeftOut">Services that did not fit.</param>
/// <param name="Retired">To be handed to <see cref="PlanApplier.Retire"/> after a grace period.</param>
public sealed record ApplyResult(
    ApplyCounts Counts,
    ImmutableArray<ApplyFailure> Failures,
    ImmutableArray<PlanDiagnostic> LeftOut,
    RetireBatch Retired)
{
    /// <summary>How long phases 1 to 5 took: writing into the tables, and keeping the mirror in step.</summary>
    public TimeSpan WriteTime { get; init; }

    /// <summary>Protocols of the service ports that lost backends altogether: sockets and flows may still lead there.</summary>
    public IReadOnlySet<TransportProtocol> LostBackends { get; init; } = new HashSet<TransportProtocol>();

    /// <summary>
    /// Protocols of the frontends that were none before, or led nowhere, and have backends now: connections may go past them.
    /// </summary>
    public IReadOnlySet<TransportProtocol> OpenedFrontends { get; init; } = new HashSet<TransportProtocol>();

    /// <summary>What became of this plan and of one before it whose failures this one tried again; each retires its own.</summary>
    public ApplyResult After(ApplyResult before) => this with
    {
        Counts = Counts.Plus(before.Counts),
        WriteTime = WriteTime + before.WriteTime,
        LostBackends = LostBackends.Union(before.LostBackends).ToHashSet(),
        OpenedFrontends = OpenedFrontends.Union(before.OpenedFrontends).ToHashSet(),
    };

    /// <summary>Everything is as the table wants it; when false, plan the same table again after a while.</summary>
    public bool IsComplete => Failures.IsEmpty && LeftOut.IsEmpty;
}

/// <summary>Operations that were done, of Services that succeeded or not.</summary>
public sealed record ApplyCounts(int Backends, int Slots, int AllowedSources, int Flips, int Deletes, int Unlisted, int RefusedSources)
{
    public ApplyCounts Plus(ApplyCounts other) => new(
        Backends + other.Backends, Slots + other.Slots, AllowedSources + other.AllowedSources, Flips + other.Flips, Deletes + other.Deletes,
        Unlisted + other.Unlisted, RefusedSources + other.RefusedSources);

    public int Total => Backends + Slots + AllowedSources + Flips + Deletes + Unlisted + RefusedSources;
}
