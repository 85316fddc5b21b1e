namespace EbpfLb.Http.Metrics;

/// <summary>Prometheus counts time in seconds since 1970, with fractions.</summary>
internal static class UnixTime
{
    public static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
}
