using EbpfLb.Model;
using Prometheus;

namespace EbpfLb.Http.Metrics;

internal static class PerFamily
{
    /// <summary>The name of the label that tells the families apart.</summary>
    public const string Label = "ip_family";
}

/// <summary>One series for each IP family, as kube-proxy has them.</summary>
internal sealed class PerFamily<TChild>
    where TChild : ChildBase
{
    private readonly TChild[] series;

    /// <param name="metric">Labelled by <see cref="PerFamily.Label"/> only.</param>
    public PerFamily(Collector<TChild> metric)
        => series = [metric.WithLabels(nameof(IpFamily.IPv4)), metric.WithLabels(nameof(IpFamily.IPv6))];

    public ReadOnlySpan<TChild> All => series;

    public TChild this[IpFamily family] => series[family == IpFamily.IPv4 ? 0 : 1];
}
