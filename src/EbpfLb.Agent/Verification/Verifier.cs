using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Flows;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Policy;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Verification;

/// <summary>
/// Compares everything from the API server down to the kernel, one after the other and slowly, and lets the pipeline repair what differs.
/// Looking happens beside the pipeline; only what did not look right is looked at again in its turn.
/// </summary>
internal sealed class Verifier(
    IClusterSource source, IDataplane dataplane, PipelineState state, LoopRequests requests, VerifyMetrics metrics, TimeProvider time,
    ILogger logger) : IDisposable
{
    /// <summary>Of one core.</summary>
    private const double Share = 0.05;

    /// <summary>Of one core, while somebody waits.</summary>
    private const double ShareOfAnswers = 0.5;

    /// <summary>An emptied map has thousands of them; their number says more than their names.</summary>
    private const int MostLogged = 10;

    private const int ServicesAStep = 64;

    private readonly SemaphoreSlim oneAtATime = new(1);
    private volatile VerificationEnd? last;

    /// <summary>What came of the last comparison, and when; null before the first.</summary>
    public VerificationEnd? Last => last;

    /// <param name="withSource">Also compares with the source, which costs the API server a list from its cache.</param>
    /// <param name="repair">False: only look.</param>
    public Task<VerificationResult> RunAsync(bool withSource, bool repair, CancellationToken cancellationToken)
        => RunAsync(withSource, fromCache: true, repair, Share, cancellationToken);

    /// <summary>Somebody waits for it, and asked for the API server's store instead of its cache.</summary>
    public Task<VerificationResult> AnswerAsync(bool repair, CancellationToken cancellationToken)
        => RunAsync(withSource: true, fromCache: false, repair, ShareOfAnswers, cancellationToken);

    /// <summary>At once and without pauses, as something is known to be wrong.</summary>
    public Task<VerificationResult> RepairAsync(CancellationToken cancellationToken)
        => RunAsync(withSource: false, fromCache: true, repair: true, share: 1, cancellationToken);

    private async Task<VerificationResult> RunAsync(
        bool withSource, bool fromCache, bool repair, double share, CancellationToken cancellationToken)
    {
        await oneAtATime.WaitAsync(cancellationToken);
        try
        {
            var begin = time.GetTimestamp();
            var run = new VerifyRun();
            if (withSource) await VerifySourceAsync(run, fromCache, repair, cancellationToken);
            await VerifyTablesAsync(run, repair, share, cancellationToken);
            var result = run.ToResult(time.GetElapsedTime(begin));
            Record(result, repair);
            return result;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    public void Dispose() => oneAtATime.Dispose();

    private async Task VerifySourceAsync(VerifyRun run, bool fromCache, bool repair, CancellationToken cancellationToken)
    {
        if (source.Capabilities.Verification is not { } verifiable)
        {
            run.NotCompared.Add($"api: {source.Status.Description} is no API server; files are read again whenever they change");
            return;
        }
        try
        {
            var result = await verifiable.VerifyAsync(fromCache, repair, cancellationToken);
            run.Add(result.Compared, result.Differences, result.Repaired);
        }
        catch (IOException e)
        {
            run.NotCompared.Add($"api: {e.Message}");
            run.Failed = true;
        }
    }

    private async Task VerifyTablesAsync(VerifyRun run, bool repair, double share, CancellationToken cancellationToken)
    {
        if (state.Compiled is not { } compiled)
        {
            run.NotCompared.Add("table, mirror and kernel: nothing has been programmed yet; `ebpflb status` says what is missing");
            run.Failed = true;
            return;
        }
        var compiledAnew = await CompareTableAsync(compiled, run, share, cancellationToken);

        var verification = dataplane.NewVerification();
        var pacer = new SweepPacer(time, share);
        pacer.Begin();
        foreach (var _ in verification.Scan()) await pacer.PaceAsync(cancellationToken);
        var (differences, repaired) = await requests.RunAsync(
            turn =>
            {
                var found = verification.Confirm(repair);
                HashSet<Difference> gone = [];
                if (repair && found.Count + compiledAnew.Count > 0)
                {
                    var round = turn.RunAgain(anew: compiledAnew.Count > 0);
                    gone = [.. found.Except(verification.Confirm(adopt: false))];
                    if (round is { Applied: true }) gone.UnionWith(compiledAnew);
                }
                return (found, gone);
            },
            cancellationToken);
        run.Add(verification.Compared, differences, repaired);
        AddNotProgrammed(run);
    }

    /// <summary>
    /// What the last round could not bring in; why is in the log, and it is tried again by itself. Nobody changed it, and it is counted as
    /// not programmed: it is no difference to the metric, which would grow with every comparison.
    /// </summary>
    private void AddNotProgrammed(VerifyRun run)
    {
        if (state.LastRound is not { } round) return;
        run.AddNotProgrammed(
            new ComparedElements(VerifyStage.Mirror, "services programmed", round.Services),
            round.Failures.Select(f => new Difference(VerifyStage.Mirror, f.Service is { } name ? $"Service {name}" : "the plan",
                "programmed", "in the kernel", f.Message)).Distinct());
    }

    private async Task<List<Difference>> CompareTableAsync(
        CompiledState compiled, VerifyRun run, double share, CancellationToken cancellationToken)
    {
        HashSet<Difference> differences = [];
        var pacer = new SweepPacer(time, share);
        pacer.Begin();
        var count = 0;
        foreach (var service in TableCheck.Run(compiled.Table, compiled.Snapshot, compiled.Options))
        {
            if (!service.IsRight) differences.Add(TableDifferences.Of(service));
            if (++count % ServicesAStep == 0) await pacer.PaceAsync(cancellationToken);
        }
        run.Add([new ComparedElements(VerifyStage.Table, "services", count)], differences, new HashSet<Difference>());
        return [.. differences];
    }

    private void Record(VerificationResult result, bool repair)
    {
        last = new VerificationEnd(time.GetUtcNow(), result);
        foreach (var stage in result.Differences.Where(d => !result.NotProgrammed.Contains(d)).GroupBy(d => d.Stage))
            metrics.RecordDifferences(stage.Key, stage.Count());
        metrics.RecordVerified(result.Duration, result.IsComplete ? time.GetUtcNow() : null);
        foreach (var difference in result.Differences.Take(MostLogged))
            Log.Differs(logger, difference.Stage, difference.ToString(),
                result.Repaired.Contains(difference) ? "repaired" : repair ? "not repaired" : "only looked at");
        if (result.Differences.Count > MostLogged) Log.MoreDiffer(logger, result.Differences.Count - MostLogged);
        Log.Verified(logger, result.Compared.Sum(c => c.Elements), result.Differences.Count, result.Repaired.Count,
            result.Duration.TotalMilliseconds);
    }
}

/// <summary>What came of one comparison.</summary>
/// <param name="Repaired">Those of the differences that are gone.</param>
/// <param name="NotCompared">What could not be compared, and why.</param>
/// <param name="IsComplete">Everything was compared that can be.</param>
internal sealed record VerificationResult(
    IReadOnlyList<ComparedElements> Compared,
    IReadOnlyList<Difference> Differences,
    IReadOnlySet<Difference> Repaired,
    IReadOnlyList<string> NotCompared,
    TimeSpan Duration,
    bool IsComplete)
{
    /// <summary>Those of the differences that the last round could not bring in.</summary>
    public IReadOnlySet<Difference> NotProgrammed { get; init; } = new HashSet<Difference>();
}

/// <param name="At">UTC.</param>
internal sealed record VerificationEnd(DateTimeOffset At, VerificationResult Result);
