using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Logging;
using EbpfLb.Agent.Options;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Hosting;

/// <summary>What every module of the agent may use.</summary>
/// <param name="Live">What can change is asked for when it is needed; all else is as at the start.</param>
/// <param name="Reload">File and command line anew; null: nothing is watched.</param>
internal sealed record AgentContext(
    LiveOptions Live, Func<RunOptions>? Reload, IClusterSource Source, IDataplane Dataplane, Verbosity Verbosity, TimeProvider Time,
    ILoggerFactory Loggers, MetricRegistry Metrics)
{
    /// <summary>As they were at the start.</summary>
    public RunOptions Options { get; } = Live.Current;

    public ILogger Logger<T>() => Loggers.CreateLogger<T>();

    public TimeSpan SyncPeriod() => Live.Current.SyncPeriod;
}
