using Prometheus;

namespace EbpfLb.Http.Metrics;

/// <summary>Whether the configuration file is in force.</summary>
public sealed class ConfigMetrics
{
    private readonly Counter reloads;
    private bool isGood = true;
    private DateTimeOffset applied;

    /// <param name="started">When the file was read first.</param>
    public ConfigMetrics(MetricRegistry metrics, DateTimeOffset started)
    {
        applied = started;
        reloads = metrics.Factory.CreateCounter(
            "ebpflb_config_reloads_total", "Changes of the configuration file, by whether it could be used", "result");
        metrics.ObserveGauge("ebpflb_config_good", "1: the configuration file is in force; 0: it cannot be used and the one before stays",
            () => isGood ? 1 : 0);
        metrics.ObserveGauge(
            "ebpflb_config_applied_timestamp_seconds", "When the configuration in force was read", () => UnixTime.Seconds(applied));
    }

    public void RecordReload(bool good, DateTimeOffset now)
    {
        isGood = good;
        if (good) applied = now;
        reloads.WithLabels(good ? "applied" : "refused").Inc();
    }
}
