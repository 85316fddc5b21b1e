using System.Text;

namespace EbpfLb.Http.Prometheus;

/// <summary>The buckets of one series of a histogram. Its family guards it.</summary>
/// <param name="boundaries">Upper bounds, inclusive, ascending; one more bucket takes the rest.</param>
internal sealed class HistogramSeries(double[] boundaries)
{
    private readonly long[] counts = new long[boundaries.Length + 1];
    private double sum;

    public void Record(double value)
    {
        var index = Array.BinarySearch(boundaries, value);
        counts[index >= 0 ? index : ~index]++;
        sum += value;
    }

    /// <summary>Buckets are cumulative in the text format.</summary>
    public void WriteTo(StringBuilder text, string name, string labels)
    {
        var prefix = labels.Length > 0 ? labels + "," : "";
        long cumulative = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            cumulative += counts[i];
            var bound = i < boundaries.Length ? boundaries[i] : double.PositiveInfinity;
            MetricFamily.AppendSample(text, name + "_bucket", $"{prefix}le=\"{MetricFamily.FormatValue(bound)}\"", cumulative);
        }
        MetricFamily.AppendSample(text, name + "_sum", labels, sum);
        MetricFamily.AppendSample(text, name + "_count", labels, cumulative);
    }
}
