using System.Diagnostics.Metrics;
using EbpfLb.Http.Prometheus;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Http.Tests.Prometheus;

public sealed class PrometheusExporterTests : IDisposable
{
    private readonly Meter meter = new("test");
    private readonly PrometheusExporter exporter;

    public PrometheusExporterTests() => exporter = new PrometheusExporter(meter);

    public void Dispose()
    {
        exporter.Dispose();
        meter.Dispose();
    }

    [Fact]
    public void A_counter_adds_up_and_gets_its_suffix()
    {
        var counter = meter.CreateCounter<long>("requests", null, "What came in");
        counter.Add(2);
        counter.Add(3);
        Assert.Equal("# HELP requests_total What came in\n# TYPE requests_total counter\nrequests_total 5\n", exporter.Export());
    }

    [Fact]
    public void Series_are_told_apart_by_their_labels_and_ordered()
    {
        var gauge = meter.CreateGauge<double>("temperature", null, "How warm");
        gauge.Record(2.5, new KeyValuePair<string, object?>("room", "b"));
        gauge.Record(1, new KeyValuePair<string, object?>("room", "a"));
        gauge.Record(-3, new KeyValuePair<string, object?>("room", "b"));
        Assert.EndsWith("temperature{room=\"a\"} 1\ntemperature{room=\"b\"} -3\n", exporter.Export());
    }

    [Fact]
    public void A_metric_that_throws_costs_itself_and_is_counted_and_logged_once_with_its_stack()
    {
        using var loggers = new CollectedErrors();
        using var own = new Meter("own");
        using var exported = new PrometheusExporter(own, loggers);
        own.CreateObservableGauge("a", long () => throw new InvalidOperationException("gone"));
        own.CreateObservableGauge("b", HalfOf);
        own.CreateObservableGauge("c", () => 3);
        own.CreateCounter<long>("d").Add(4);
        exported.Export();
        var lines = exported.Export().Split('\n').Where(l => !l.StartsWith('#')).ToList();
        Assert.Equal(["c 3", "d_total 4", "ebpflb_metric_errors_total{metric=\"a\"} 2", "ebpflb_metric_errors_total{metric=\"b\"} 2", ""], lines);
        Assert.Equal(["gone", "half"], loggers.Errors.Select(e => e.Message).Order());
        Assert.All(loggers.Errors, e => Assert.NotNull(e.StackTrace));
    }

    private static IEnumerable<Measurement<long>> HalfOf()
    {
        yield return new Measurement<long>(1, new KeyValuePair<string, object?>("of", "first"));
        throw new InvalidOperationException("half");
    }

    private sealed class CollectedErrors : ILogger, IDisposable
    {
        public List<Exception> Errors { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is not null) Errors.Add(exception);
        }

        public void Dispose() => Errors.Clear();
    }

    [Fact]
    public void Quotes_backslashes_and_line_feeds_are_escaped()
    {
        meter.CreateGauge<int>("g", null, "a\nb\\c").Record(1, new KeyValuePair<string, object?>("l", "x\"y\\z\nw"));
        Assert.Equal("# HELP g a\\nb\\\\c\n# TYPE g gauge\ng{l=\"x\\\"y\\\\z\\nw\"} 1\n", exporter.Export());
    }

    [Fact]
    public void A_histogram_counts_into_inclusive_cumulative_buckets()
    {
        var histogram = meter.CreateHistogram("h", "s", "How long", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2] });
        foreach (var value in new[] { 0.5, 1, 1.5, 7 }) histogram.Record(value, new KeyValuePair<string, object?>("k", "v"));
        Assert.Equal(
            """
            # HELP h How long
            # TYPE h histogram
            h_bucket{k="v",le="1"} 2
            h_bucket{k="v",le="2"} 3
            h_bucket{k="v",le="+Inf"} 4
            h_sum{k="v"} 10
            h_count{k="v"} 4

            """, exporter.Export());
    }

    [Fact]
    public void An_observed_series_that_is_gone_is_no_longer_reported()
    {
        var names = new List<string> { "a", "b" };
        meter.CreateObservableGauge("g", () => names.Select(n => new Measurement<int>(1, new KeyValuePair<string, object?>("n", n))), null, "Observed");
        Assert.Contains("g{n=\"b\"} 1", exporter.Export());
        names.Remove("b");
        var text = exporter.Export();
        Assert.Contains("g{n=\"a\"} 1", text);
        Assert.DoesNotContain("g{n=\"b\"}", text);
    }

    [Fact]
    public void An_observable_counter_is_not_added_up_by_reading_it()
    {
        meter.CreateObservableCounter("c_total", () => 7L, null, "Observed");
        exporter.Export();
        Assert.EndsWith("c_total 7\n", exporter.Export());
    }

    [Fact]
    public void An_up_down_counter_is_a_gauge_that_adds()
    {
        var counter = meter.CreateUpDownCounter<long>("open", null, "Open things");
        counter.Add(3);
        counter.Add(-1);
        Assert.EndsWith("# TYPE open gauge\nopen 2\n", exporter.Export());
    }

    [Fact]
    public void Instruments_of_other_meters_are_left_out()
    {
        using var other = new Meter("test");
        other.CreateCounter<long>("foreign").Add(1);
        Assert.Equal("", exporter.Export());
    }

    [Fact]
    public void Instruments_without_a_measurement_are_left_out()
    {
        meter.CreateCounter<long>("unused", null, "Nothing yet");
        Assert.Equal("", exporter.Export());
    }

    [Theory]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(1763688131.25, "1763688131.25")]
    [InlineData(0.001, "0.001")]
    public void Numbers_are_written_as_the_format_wants_them(double value, string text)
    {
        meter.CreateGauge<double>("g", null, "g").Record(value);
        Assert.EndsWith($"g {text}\n", exporter.Export());
    }
}
