using EbpfLb.Abi;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Flows;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Flows;

/// <summary>Expires flows for as long as the agent runs.</summary>
internal sealed class FlowService(
    IConntrack conntrack, IDiagnostics diagnostics, Func<FlowOptions> options, FlowState state, FlowMetrics metrics, TimeProvider time,
    ILogger logger)
    : SupervisedService("flows", time, logger)
{
    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        var policy = new ExpiryPolicy(() => options().Lifetimes);
        var collectors = conntrack.FlowMaps.Select(m
            => new ConntrackCollector(m, policy, Time, new SweepPacer(Time, () => options().SweepShare))).ToList();
        // Not on the thread that starts the host.
        await Task.Yield();
        await new SweepLoop(collectors, CountOpened, Record, Time, Logger).RunAsync(stoppingToken);
    }

    private long CountOpened() => (long)diagnostics.ReadReason(LbReason.PktNew).Count;

    private void Record(SweepReport report)
    {
        state.Record(report);
        metrics.RecordSweep(new SweepReading(report.Family, report.Expired, report.Shrunk, report.Orphans, report.Work, report.Duration));
        if (report.Shrunk > 0) Log.FlowsGivenUp(Logger, report.Map, report.Shrunk, (int)(100 * report.Fill), TableSize.Flows.Option());
    }
}
