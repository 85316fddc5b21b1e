using System.Text;
using EbpfLb.Http.Metrics;

namespace EbpfLb.Agent.Tests.Fakes;

internal static class MetricText
{
    /// <summary>What a scrape answers.</summary>
    public static string Text(this MetricRegistry metrics)
        => Encoding.UTF8.GetString(metrics.ExportAsync(CancellationToken.None).GetAwaiter().GetResult().Span);
}
