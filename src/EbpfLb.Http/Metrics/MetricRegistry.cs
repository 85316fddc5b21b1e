using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Prometheus;

namespace EbpfLb.Http.Metrics;

/// <summary>The value of one series when it is read.</summary>
/// <param name="Labels">Values, in the order of the family's label names.</param>
public readonly record struct Reading(double Value, params string[] Labels);

/// <summary>The metrics of one page, of prometheus-net: what is counted as it happens, and what is read whenever the page is.</summary>
public sealed class MetricRegistry : IDisposable
{
    /// <summary>The Content-Type of a page.</summary>
    public const string ContentType = PrometheusConstants.TextContentTypeWithVersionAndEncoding;

    private readonly ILogger logger;
    private readonly CollectorRegistry registry = Prometheus.Metrics.NewCustomRegistry();
    private readonly Counter errors;
    private readonly SemaphoreSlim oneAtATime = new(1);
    private int lastLength;

    /// <param name="logger">Told of what cannot be read.</param>
    public MetricRegistry(ILogger? logger = null)
    {
        this.logger = logger ?? NullLogger.Instance;
        Factory = Prometheus.Metrics.WithCustomRegistry(registry);
        errors = Factory.CreateCounter("ebpflb_metric_errors_total", "How often a metric could not be read, and was left out", "metric");
    }

    /// <summary>For what is counted as it happens.</summary>
    public MetricFactory Factory { get; }

    /// <param name="read">null: not known, and no series then. Called by any thread, as are those of the other methods.</param>
    public void ObserveGauge(string name, string help, Func<double?> read) => ObserveGauge(name, help, [], () => One(read()));

    /// <param name="read">All series of the family.</param>
    public void ObserveGauge(string name, string help, string[] labels, Func<IEnumerable<Reading>> read)
    {
        var gauge = Factory.CreateGauge(name, help, new GaugeConfiguration { LabelNames = labels, SuppressInitialValue = true });
        Observe(name, new ObservedFamily<Gauge.Child>(gauge, (series, value) => series.Set(value)), read);
    }

    /// <param name="read">The count since there is something to count, not what came to it.</param>
    public void ObserveCounter(string name, string help, Func<double?> read) => ObserveCounter(name, help, [], () => One(read()));

    /// <param name="read">The counts since there is something to count, of all series of the family.</param>
    public void ObserveCounter(string name, string help, string[] labels, Func<IEnumerable<Reading>> read)
    {
        var counter = Factory.CreateCounter(name, help, new CounterConfiguration { LabelNames = labels, SuppressInitialValue = true });
        Observe(name, new ObservedFamily<Counter.Child>(counter, (series, value) => series.IncTo(value), series => series.Value), read);
    }

    /// <summary>Reads what is read, and writes all in the Prometheus text format 0.0.4.</summary>
    public async Task<ReadOnlyMemory<byte>> ExportAsync(CancellationToken cancellationToken)
    {
        // Two at once would see each other's series go and come.
        await oneAtATime.WaitAsync(cancellationToken);
        try
        {
            using var page = new MemoryStream(lastLength);
            await registry.CollectAndExportAsTextAsync(page, cancellationToken);
            lastLength = (int)page.Length;
            return page.GetBuffer().AsMemory(0, lastLength);
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    public void Dispose() => oneAtATime.Dispose();

    private static IEnumerable<Reading> One(double? value) => value is { } known ? [new Reading(known)] : [];

    /// <summary>One that cannot be read costs itself and no other.</summary>
    private void Observe<TChild>(string name, ObservedFamily<TChild> family, Func<IEnumerable<Reading>> read)
        where TChild : ChildBase
    {
        string? before = null;
        registry.AddBeforeCollectCallback(() =>
        {
            try
            {
                family.Show(read());
            }
            catch (Exception e)
            {
                family.Clear();
                errors.WithLabels(name).Inc();
                if (before != e.Message) Log.MetricFailed(logger, e, name);
                before = e.Message;
            }
        });
    }
}
