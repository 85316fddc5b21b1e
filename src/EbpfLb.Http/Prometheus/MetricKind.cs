using System.Diagnostics.Metrics;

namespace EbpfLb.Http.Prometheus;

/// <summary>The metric types of the Prometheus text format that instruments map to.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>How an instrument's measurements become a metric.</summary>
/// <param name="Adds">Measurements are differences; otherwise each replaces the last.</param>
internal readonly record struct InstrumentShape(MetricKind Kind, bool Adds)
{
    public static InstrumentShape Of(Instrument instrument)
    {
        var type = instrument.GetType();
        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        if (definition == typeof(Counter<>)) return new(MetricKind.Counter, Adds: true);
        if (definition == typeof(ObservableCounter<>)) return new(MetricKind.Counter, Adds: false);
        if (definition == typeof(UpDownCounter<>)) return new(MetricKind.Gauge, Adds: true);
        if (definition == typeof(Histogram<>)) return new(MetricKind.Histogram, Adds: true);
        return new(MetricKind.Gauge, Adds: false);
    }
}
