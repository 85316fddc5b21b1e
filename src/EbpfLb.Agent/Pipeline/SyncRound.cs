using EbpfLb.Agent.Kernel;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Services;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Policy;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Pipeline;

/// <summary>
/// Compiles, plans and applies one snapshot. Whatever an object contains and whatever the kernel answers, it ends with a
/// report; the state before stays where the new one did not get in.
/// </summary>
internal sealed class SyncRound(IServiceTables tables, PolicyOptions options, PlanMetrics metrics, TimeProvider time, ILogger logger)
{
    private string? lastFault;

    /// <summary>The network of the node now.</summary>
    public Func<NodeNetwork> Network { private get; init; } = () => NodeNetwork.None;

    /// <summary>Backends that get no new connections now.</summary>
    public Func<ValueList<BackendDrain>> Drains { private get; init; } = () => [];

    /// <summary>The last table that was compiled; the next compilation starts from it.</summary>
    public ForwardingTable? Table { get; private set; }

    /// <summary>That table, with what it was compiled from; null before the first.</summary>
    public CompiledState? Compiled { get; private set; }

    /// <summary>Lets the next round compile everything.</summary>
    public void Forget() => Table = null;

    public RoundReport Run(ArrivedSnapshot arrived)
    {
        var start = time.GetTimestamp();
        metrics.RecordStage("queue", time.GetElapsedTime(arrived.ArrivedAt, start));
        var compiled = start;
        var applied = false;
        ApplyOutcome outcome;
        try
        {
            var now = options with { Drains = Drains() };
            var network = Network();
            Table = ForwardingCompiler.Compile(arrived.Snapshot, now, Table, network);
            Compiled = new CompiledState(arrived.Snapshot, now, Table) { Network = network };
            compiled = time.GetTimestamp();
            outcome = tables.Apply(Table);
            applied = true;
            lastFault = null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A fault of ours or of the kernel as a whole: the tables stay as they are and the round is run again.
            outcome = new ApplyOutcome(0, [new ObjectFailure(null, $"{e.GetType().Name}: {e.Message}")]);
            // With its stack, but not with each retry.
            if (e.ToString() is var fault && fault != lastFault) Log.RoundFailed(logger, e);
            lastFault = fault;
        }
        var end = time.GetTimestamp();
        var compile = time.GetElapsedTime(start, compiled);
        var apply = time.GetElapsedTime(compiled, end);
        metrics.RecordStage("compile", compile);
        metrics.RecordStage("apply", apply);
        metrics.RecordStage("write", outcome.WriteTime);
        var sinceArrival = time.GetElapsedTime(arrived.ArrivedAt, end);
        metrics.RecordStage("total", sinceArrival);
        metrics.RecordPlan(
            outcome.Operations, outcome.Failures.Select(f => new PlanFailureReading(f.Table ?? "", SnakeCase.Of(f.Reason.ToString()))));
        return new RoundReport(
            arrived.Sequence, time.GetUtcNow(), Math.Max(0, (Table?.Count ?? 0) - 1), outcome.Operations, compile, apply, applied,
            outcome.Failures, null)
        {
            Write = outcome.WriteTime,
            SinceArrival = sinceArrival,
            LostBackends = outcome.LostBackends,
            OpenedFrontends = outcome.OpenedFrontends,
        };
    }
}
