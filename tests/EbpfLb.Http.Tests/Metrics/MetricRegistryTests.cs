using EbpfLb.Http.Metrics;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Http.Tests.Metrics;

public sealed class MetricRegistryTests : IDisposable
{
    private static readonly string[] Label = ["n"];

    private readonly MetricRegistry metrics = new();

    /// <summary>Without what says which metrics there are.</summary>
    private string[] Series
        => [.. metrics.Text().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] != '#').Order(StringComparer.Ordinal)];

    public void Dispose() => metrics.Dispose();

    [Fact]
    public void A_metric_that_throws_costs_itself_and_is_counted_and_logged_once_with_its_stack()
    {
        using var loggers = new CollectedErrors();
        using var registry = new MetricRegistry(loggers);
        registry.ObserveGauge("a", "Throws", () => throw new InvalidOperationException("gone"));
        registry.ObserveGauge("b", "Throws half way", Label, HalfOf);
        registry.ObserveGauge("c", "Does not", () => 3);
        registry.Factory.CreateCounter("d_total", "Counts").Inc(4);
        registry.Text();
        var lines = registry.Text().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] != '#')
            .Order(StringComparer.Ordinal);
        Assert.Equal(
            ["c 3", "d_total 4", "ebpflb_metric_errors_total{metric=\"a\"} 2", "ebpflb_metric_errors_total{metric=\"b\"} 2"], lines);
        Assert.Equal(["gone", "half"], loggers.Errors.Select(e => e.Message).Order());
        Assert.All(loggers.Errors, e => Assert.NotNull(e.StackTrace));
    }

    private static IEnumerable<Reading> HalfOf()
    {
        yield return new Reading(1, "first");
        throw new InvalidOperationException("half");
    }

    [Fact]
    public void A_metric_that_threw_comes_back_when_it_can_be_read()
    {
        var throws = true;
        metrics.ObserveCounter("c_total", "Observed", Label, () => throws ? HalfOf() : [new Reading(5, "first")]);
        Assert.DoesNotContain(Series, l => l.StartsWith('c'));
        throws = false;
        Assert.Contains("c_total{n=\"first\"} 5", Series);
    }

    [Fact]
    public void An_observed_series_that_is_gone_is_no_longer_reported_and_may_come_again()
    {
        var names = new List<string> { "a", "b" };
        metrics.ObserveGauge("g", "Observed", Label, () => names.Select(n => new Reading(names.Count, n)));
        Assert.Equal(["g{n=\"a\"} 2", "g{n=\"b\"} 2"], Series);
        names.Remove("b");
        Assert.Equal(["g{n=\"a\"} 1"], Series);
        names.Add("b");
        Assert.Equal(["g{n=\"a\"} 2", "g{n=\"b\"} 2"], Series);
    }

    [Fact]
    public void What_is_not_known_has_no_series()
    {
        double? value = null;
        metrics.ObserveGauge("g", "Observed", () => value);
        metrics.ObserveCounter("c_total", "Observed", () => value);
        Assert.Empty(Series);
        value = 0;
        Assert.Equal(["c_total 0", "g 0"], Series);
        value = null;
        Assert.Empty(Series);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    public void An_observed_count_is_not_added_up_by_reading_it_and_may_begin_anew(string label)
    {
        var count = 7;
        string[] labels = label.Length == 0 ? [] : [label];
        var series = label.Length == 0 ? "c_total" : "c_total{n=\"x\"}";
        metrics.ObserveCounter("c_total", "Observed", label.Length == 0 ? [] : Label, () => [new Reading(count, labels)]);
        Assert.Equal([$"{series} 7"], Series);
        Assert.Equal([$"{series} 7"], Series);
        count = 2;
        Assert.Equal([$"{series} 2"], Series);
        count = 3;
        Assert.Equal([$"{series} 3"], Series);
    }

    [Fact]
    public async Task Scrapes_at_once_do_not_see_each_others_series_come_and_go()
    {
        var round = 0;
        metrics.ObserveGauge(
            "g", "Observed", Label, () => Enumerable.Range(Interlocked.Increment(ref round) % 3, 50).Select(n => new Reading(n, $"{n}")));
        var pages = await Task.WhenAll(Enumerable.Range(0, 100).Select(_
            => Task.Run(() => metrics.Text(), TestContext.Current.CancellationToken)));
        Assert.All(pages, page => Assert.Equal(50, page.Split('\n').Count(l => l.StartsWith("g{", StringComparison.Ordinal))));
    }

    [Fact]
    public void Quotes_backslashes_and_line_feeds_of_labels_are_escaped()
    {
        metrics.ObserveGauge("g", "Observed", Label, () => [new Reading(1, "x\"y\\z\nw")]);
        Assert.Equal(["g{n=\"x\\\"y\\\\z\\nw\"} 1"], Series);
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(1763688131.25, "1763688131.25")]
    [InlineData(16_000_000_000_000, "16000000000000")]
    [InlineData(0.001, "0.001")]
    public void Numbers_are_written_as_the_format_wants_them(double value, string text)
    {
        metrics.ObserveGauge("g", "Observed", () => value);
        Assert.Equal([$"g {text}"], Series);
    }

    private sealed class CollectedErrors : ILogger, IDisposable
    {
        public List<Exception> Errors { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is not null) Errors.Add(exception);
        }

        public void Dispose() => Errors.Clear();
    }
}
