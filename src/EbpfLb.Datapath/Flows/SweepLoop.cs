using EbpfLb.Bpf;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Flows;

/// <summary>
/// Sweeps the conntrack maps for as long as the agent runs. Between sweeps it asks once a second how many flows were opened
/// (the kernel does not tell how full a hash is), so that a flood does not fill a map that was nearly empty a moment ago.
/// </summary>
/// <param name="openedFlows">Flows opened since the maps were made (LB_PKT_NEW).</param>
/// <param name="record">Told of each sweep.</param>
public sealed class SweepLoop(
    IReadOnlyList<ConntrackCollector> collectors, Func<long> openedFlows, Action<SweepReport> record, TimeProvider time, ILogger logger)
{
    private const int EntriesPerFlow = 2;
    private readonly Dictionary<ConntrackCollector, Collected> last = [];

    /// <summary>Returns only when cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var collector in collectors) await SweepWhenDueAsync(collector, cancellationToken);
            await time.DelayAsync(SweepSchedule.Shortest, cancellationToken);
        }
    }

    private async Task SweepWhenDueAsync(ConntrackCollector collector, CancellationToken cancellationToken)
    {
        var before = last.GetValueOrDefault(collector);
        var opened = openedFlows();
        if (before is not null && time.GetElapsedTime(before.At) < SweepSchedule.Interval(FillNow(collector.Map, before, opened))) return;
        try
        {
            // What was counted, not what is thought now: nobody is given up because of a guess.
            var report = await collector.SweepAsync((double)(before?.Entries ?? 0) / collector.Map.Capacity, cancellationToken);
            last[collector] = new Collected(time.GetTimestamp(), report.Entries, opened);
            record(report);
        }
        catch (BpfException e)
        {
            Log.SweepFailed(logger, collector.Map.Name, e.Message);
            last[collector] = new Collected(time.GetTimestamp(), before?.Entries ?? 0, opened);
        }
    }

    /// <summary>As if all flows since the last sweep were of this family and none had gone: too high rather than too low.</summary>
    private static double FillNow(IFlowMap map, Collected before, long opened)
        => Math.Clamp((before.Entries + (double)EntriesPerFlow * Math.Max(opened - before.Opened, 0)) / map.Capacity, 0, 1);

    /// <param name="At">Timestamp of its end.</param>
    private sealed record Collected(long At, int Entries, long Opened);
}
