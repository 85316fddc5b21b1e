using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Metrics;

/// <summary>Whether the configuration file is in force.</summary>
public sealed class ConfigMetrics
{
    private readonly Counter<long> reloads;
    private bool isGood = true;
    private DateTimeOffset applied;

    /// <param name="started">When the file was read first.</param>
    public ConfigMetrics(Meter meter, DateTimeOffset started)
    {
        applied = started;
        reloads = meter.CreateCounter<long>("ebpflb_config_reloads_total", null, "Changes of the configuration file, by whether it could be used");
        meter.CreateObservableGauge("ebpflb_config_good", () => isGood ? 1 : 0, null, "1: the configuration file is in force; 0: it cannot be used and the one before stays");
        meter.CreateObservableGauge("ebpflb_config_applied_timestamp_seconds", () => UnixTime.Seconds(applied), null, "When the configuration in force was read");
    }

    public void RecordReload(bool good, DateTimeOffset now)
    {
        isGood = good;
        if (good) applied = now;
        reloads.Add(1, new KeyValuePair<string, object?>("result", good ? "applied" : "refused"));
    }
}
