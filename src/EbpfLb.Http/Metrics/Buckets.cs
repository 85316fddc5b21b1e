namespace EbpfLb.Http.Metrics;

/// <summary>Histogram boundaries in seconds, the same as kube-proxy's so that dashboards keep working (docs/contract.md 15).</summary>
internal static class Buckets
{
    /// <summary>0.001 * 2^n for n = 0..14: 1 ms to 16.4 s.</summary>
    public static double[] Sync { get; } = [.. Enumerable.Range(0, 15).Select(n => 0.001 * Math.Pow(2, n))];

    /// <summary>0, 0.25, 0.5, 1..59, 60..115 by 5, 120..300 by 30.</summary>
    public static double[] NetworkProgramming { get; } =
    [
        0, 0.25, 0.5,
        .. Enumerable.Range(1, 59).Select(n => (double)n),
        .. Enumerable.Range(0, 12).Select(n => 60.0 + 5 * n),
        .. Enumerable.Range(0, 7).Select(n => 120.0 + 30 * n),
    ];

    /// <summary>0.1 ms to 26 s, each four times the one before: one stage of the pipeline.</summary>
    public static double[] Stage { get; } = [.. Enumerable.Range(0, 10).Select(n => 0.0001 * Math.Pow(4, n))];
}
