using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace EbpfLb.Http.Prometheus;

/// <summary>One instrument with the latest value of each of its series. Thread-safe.</summary>
internal sealed class MetricFamily
{
    /// <summary>Boundaries, in seconds, of histograms whose instrument advises none.</summary>
    private static readonly double[] DefaultBoundaries = [.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10];

    private readonly Lock gate = new();
    private readonly Dictionary<string, double> values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HistogramSeries> histograms = new(StringComparer.Ordinal);
    private readonly InstrumentShape shape;
    private readonly double[] boundaries;
    private readonly string help;
    private readonly bool isObservable;

    public MetricFamily(Instrument instrument)
    {
        shape = InstrumentShape.Of(instrument);
        isObservable = instrument.IsObservable;
        help = (instrument.Description ?? instrument.Name).Replace("\\", @"\\").Replace("\n", @"\n");
        boundaries = (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray() ?? DefaultBoundaries;
        Name = shape.Kind == MetricKind.Counter && !instrument.Name.EndsWith("_total", StringComparison.Ordinal)
            ? instrument.Name + "_total"
            : instrument.Name;
    }

    /// <summary>The name in the text, for counters always with "_total".</summary>
    public string Name { get; }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = Labels.Format(tags);
        lock (gate)
        {
            if (shape.Kind == MetricKind.Histogram)
            {
                if (!histograms.TryGetValue(labels, out var series))
                    histograms[labels] = series = new HistogramSeries(boundaries);
                series.Record(value);
            }
            else
            {
                values[labels] = shape.Adds ? values.GetValueOrDefault(labels) + value : value;
            }
        }
    }

    /// <summary>Forgets observed series before they are observed again, so that what is gone stops being reported.</summary>
    public void BeginObservation()
    {
        if (!isObservable) return;
        lock (gate) values.Clear();
    }

    /// <summary>Appends HELP, TYPE and the samples; nothing when there is no series.</summary>
    public void WriteTo(StringBuilder text)
    {
        lock (gate)
        {
            if (values.Count == 0 && histograms.Count == 0) return;
            text.Append("# HELP ").Append(Name).Append(' ').Append(help).Append('\n');
            text.Append("# TYPE ").Append(Name).Append(' ').Append(TypeName).Append('\n');
            foreach (var (labels, value) in values.OrderBy(v => v.Key, StringComparer.Ordinal)) AppendSample(text, Name, labels, value);
            foreach (var (labels, series) in histograms.OrderBy(v => v.Key, StringComparer.Ordinal)) series.WriteTo(text, Name, labels);
        }
    }

    private string TypeName => shape.Kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Histogram => "histogram",
        _ => "gauge",
    };

    internal static void AppendSample(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0) text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(FormatValue(value)).Append('\n');
    }

    internal static string FormatValue(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
