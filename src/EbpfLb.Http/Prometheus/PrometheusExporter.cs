using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;

namespace EbpfLb.Http.Prometheus;

/// <summary>
/// Collects what the instruments of one meter measure and writes it in the Prometheus text format 0.0.4. Instruments
/// must be made after the exporter, or before; both are seen. Instruments of int, long and double are supported.
/// </summary>
public sealed class PrometheusExporter : IDisposable
{
    /// <summary>The Content-Type of <see cref="Export"/>.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly ConcurrentDictionary<Instrument, MetricFamily> families = new();
    private readonly Lock exporting = new();
    private readonly MeterListener listener = new();

    public PrometheusExporter(Meter meter)
    {
        listener.InstrumentPublished = (instrument, target) =>
        {
            if (!ReferenceEquals(instrument.Meter, meter)) return;
            target.EnableMeasurementEvents(instrument, families.GetOrAdd(instrument, i => new MetricFamily(i)));
        };
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        listener.Start();
    }

    /// <summary>Observes the observable instruments and writes all metrics, ordered by name.</summary>
    public string Export()
    {
        lock (exporting)
        {
            foreach (var family in families.Values) family.BeginObservation();
            listener.RecordObservableInstruments();
            var text = new StringBuilder();
            foreach (var family in families.Values.OrderBy(f => f.Name, StringComparer.Ordinal)) family.WriteTo(text);
            return text.ToString();
        }
    }

    public void Dispose() => listener.Dispose();
}
