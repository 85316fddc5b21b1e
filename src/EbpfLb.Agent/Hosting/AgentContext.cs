using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Logging;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration;
using EbpfLb.Datapath;
using EbpfLb.Http.Metrics;
using EbpfLb.Model;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Hosting;

/// <summary>What every module of the agent may use.</summary>
/// <param name="Reload">File and command line anew; null: nothing is watched.</param>
internal sealed record AgentContext(
    AgentOptions Options, Func<LoadedConfig>? Reload, IClusterSource Source, IDataplane Dataplane, Verbosity Verbosity, TimeProvider Time,
    ILoggerFactory Loggers, MetricRegistry Metrics)
{
    public ILogger Logger<T>() => Loggers.CreateLogger<T>();

    /// <summary>In force.</summary>
    public Func<TimeSpan> SyncPeriod { get; } = Options.Live(o => o.SyncPeriod);
}
