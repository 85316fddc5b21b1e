using System.Collections.Immutable;
using EbpfLb.Agent.Kernel;
using EbpfLb.Datapath.Services;
using EbpfLb.Policy;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Pipeline;

/// <summary>Says what rounds did, each failure once and not with every retry.</summary>
internal sealed class RoundLog(ILogger logger)
{
    /// <summary>A full map fails for thousands of objects at once; their number says more than their names.</summary>
    private const int MaxObjectsNamed = 10;

    private HashSet<ObjectFailure> knownFailures = [];
    private HashSet<PolicyDiagnostic> knownDiagnostics = [];
    private ImmutableArray<PolicyDiagnostic> lastDiagnostics = [];
    private bool isFirst = true;
    private bool failedBefore;
    private ForwardingTable? lastTable;

    public void Write(RoundReport round, ForwardingTable? table)
    {
        WriteDiagnostics(table);
        WriteFailures(round);
        WriteChanges(table);
        var milliseconds = (round.Compile + round.Apply).TotalMilliseconds;
        var level = isFirst || failedBefore ? LogLevel.Information : LogLevel.Debug;
        if (round.Succeeded)
            Log.Synced(logger, level, round.Sequence, round.Services, round.Operations, milliseconds);
        else
            Log.SyncIncomplete(logger, round.Sequence, round.Failures.Count, round.Operations, round.RetryIn?.TotalSeconds ?? 0);
        isFirst = false;
        failedBefore = !round.Succeeded;
    }

    /// <summary>Comparing all Services costs time, which only who asks for it pays.</summary>
    private void WriteChanges(ForwardingTable? table)
    {
        if (!isFirst && logger.IsEnabled(LogLevel.Debug) && table is not null && lastTable is not null && table != lastTable
            && ChangedServices.Text(lastTable.Services, table.Services) is { Length: > 0 } names)
            Log.ServicesChanged(logger, names);
        lastTable = table;
    }

    private void WriteFailures(RoundReport round)
    {
        HashSet<ObjectFailure> now = [.. round.Failures];
        var fresh = round.Failures.Where(f => !knownFailures.Contains(f)).ToList();
        foreach (var failure in fresh.Take(MaxObjectsNamed)) Log.ObjectFailed(logger, failure.Service?.ToString() ?? "-", failure.Message);
        if (fresh.Count > MaxObjectsNamed) Log.MoreObjectsFailed(logger, fresh.Count - MaxObjectsNamed);
        knownFailures = now;
    }

    private void WriteDiagnostics(ForwardingTable? table)
    {
        if (table is null || table.Diagnostics.Equals(lastDiagnostics)) return;
        lastDiagnostics = table.Diagnostics;
        HashSet<PolicyDiagnostic> now = [.. table.Diagnostics];
        foreach (var diagnostic in now.Except(knownDiagnostics).Take(MaxObjectsNamed))
            Log.ObjectNotAsWritten(logger, diagnostic.Object, diagnostic.Field, diagnostic.Message);
        knownDiagnostics = now;
    }
}
