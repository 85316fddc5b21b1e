using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Http.Prometheus;

/// <summary>
/// Collects what the instruments of one meter measure and writes it in the Prometheus text format 0.0.4. Instruments
/// may be made before or after the exporter. Instruments of int, long and double are supported.
/// </summary>
public sealed class PrometheusExporter : IDisposable
{
    /// <summary>The Content-Type of <see cref="Export"/>.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly ConcurrentDictionary<Instrument, MetricFamily> families = new();
    private readonly ConcurrentDictionary<Instrument, MeterListener> observers = new();
    private readonly SortedDictionary<string, Trouble> troubles = new(StringComparer.Ordinal);
    private readonly Lock exporting = new();
    private readonly ILogger logger;
    private readonly MeterListener listener = NewListener();

    /// <param name="logger">Told of instruments that cannot be observed.</param>
    public PrometheusExporter(Meter meter, ILogger? logger = null)
    {
        this.logger = logger ?? NullLogger.Instance;
        listener.InstrumentPublished = (instrument, target) =>
        {
            if (!ReferenceEquals(instrument.Meter, meter)) return;
            var family = families.GetOrAdd(instrument, i => new MetricFamily(i));
            // Each that is observed has a listener of its own: one that throws costs itself and nothing else.
            if (instrument.IsObservable) target = observers.GetOrAdd(instrument, _ => NewListener());
            target.EnableMeasurementEvents(instrument, family);
        };
        listener.Start();
    }

    /// <summary>
    /// Observes the observable instruments and writes all metrics, ordered by name. What cannot be observed is left out and counted in
    /// ebpflb_metric_errors_total.
    /// </summary>
    public string Export()
    {
        lock (exporting)
        {
            foreach (var (instrument, observer) in observers) Observe(families[instrument], observer);
            var text = new StringBuilder();
            foreach (var family in families.Values.OrderBy(f => f.Name, StringComparer.Ordinal)) family.WriteTo(text);
            WriteTroubles(text);
            return text.ToString();
        }
    }

    public void Dispose()
    {
        listener.Dispose();
        foreach (var observer in observers.Values) observer.Dispose();
    }

    private static MeterListener NewListener()
    {
        var listener = new MeterListener();
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        return listener;
    }

    private void Observe(MetricFamily family, MeterListener observer)
    {
        family.BeginObservation();
        try
        {
            observer.RecordObservableInstruments();
        }
        catch (AggregateException e)
        {
            // Half of the series would be taken for all of them.
            family.BeginObservation();
            var fault = e.GetBaseException();
            var before = troubles.GetValueOrDefault(family.Name);
            if (before?.Text != fault.Message) Log.MetricFailed(logger, fault, family.Name);
            troubles[family.Name] = new Trouble((before?.Count ?? 0) + 1, fault.Message);
        }
    }

    private void WriteTroubles(StringBuilder text)
    {
        if (troubles.Count == 0) return;
        text.Append("# HELP ebpflb_metric_errors_total How often a metric could not be read, and was left out\n# TYPE ebpflb_metric_errors_total counter\n");
        foreach (var (name, trouble) in troubles) MetricFamily.AppendSample(text, "ebpflb_metric_errors_total", $"metric=\"{name}\"", trouble.Count);
    }

    private sealed record Trouble(long Count, string Text);
}
