using EbpfLb.Abi;
using EbpfLb.Agent.Kernel;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Events;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;
using EbpfLb.Timing;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Flows;

/// <summary>Reads what the programs say about dropped packets: keeps the last ones and puts a few lines into the log.</summary>
internal sealed class DropService(
    IDiagnostics diagnostics, DropHistory history, IServiceNames names, TimeProvider time, ILogger logger)
    : SupervisedService("drops", time, logger)
{
    /// <summary>How often it looks whether a line for the log is due.</summary>
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    private readonly FlowClock clock = new(time);

    /// <summary>After the ring could not be read.</summary>
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromMinutes(1);

    /// <summary>Why there are no drops without dropEvents.</summary>
    public const string SwitchedOff = "dropEvents is false";

    private string? reported;
    private volatile string? problem;

    /// <summary>Why what the programs say is not read; null: it is, or will be at once.</summary>
    public string? Problem => problem;

    /// <summary>Waiting for the ring blocks: a thread of its own.</summary>
    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await Task.Factory.StartNew(
                    () => Run(stoppingToken), stoppingToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            catch (BpfException e)
            {
                problem = $"what the programs say of them cannot be read: {e.Message}; it is tried again each minute";
                if (e.Message != reported) Log.DropsUnread(Logger, reported = e.Message);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                problem = $"reading what the programs say of them failed: {e.Message}; it is tried again";
                throw;
            }
            await Time.DelayAsync(RetryPeriod, stoppingToken);
        }
    }

    private void Run(CancellationToken stoppingToken)
    {
        using var source = diagnostics.OpenEvents();
        problem = null;
        var summaries = new DropSummaries(Count, Time);
        while (!stoppingToken.IsCancellationRequested)
        {
            source.Read(Round, record => Take(DropEvent.Of(record, clock), summaries), stoppingToken);
            foreach (var summary in summaries.TakeDue()) LogSummary(summary);
        }
    }

    private void Take(DropEvent drop, DropSummaries summaries)
    {
        history.Add(drop);
        if (summaries.Record(drop) is { } first) LogSummary(first);
    }

    private void LogSummary(DropSummary summary) => Log.PacketsDropped(
        Logger, ReasonName.Of(summary.Reason), summary.Count, DropText.Sentence(summary, NameOf(summary.Example.ServiceId)));

    private string? NameOf(uint service)
        => service > 0 && names.Find(service) is { } port ? PortName.Of(port) : null;

    private long Count(LbReason reason) => (long)diagnostics.ReadReason(reason).Count;
}
