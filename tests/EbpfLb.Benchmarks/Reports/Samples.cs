namespace EbpfLb.Benchmarks.Reports;

/// <summary>Figures of interleaved runs: the median to quote, the quartiles for the spread.</summary>
internal sealed class Samples
{
    private readonly List<double> values = [];

    public int Count => values.Count;

    public double Median => Quantile(0.5);

    public void Add(double value) => values.Add(value);

    public double Quantile(double q)
    {
        var sorted = values.Order().ToArray();
        var place = q * (sorted.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
    }

    /// <summary>This over the other, round by round: what else the machine does meets both of a round.</summary>
    public Samples Over(Samples other)
    {
        if (Count != other.Count) throw new ArgumentException($"{Count} rounds over {other.Count}", nameof(other));
        var ratios = new Samples();
        foreach (var (mine, others) in values.Zip(other.values)) ratios.Add(mine / others);
        return ratios;
    }

    /// <summary>"123 [118-131]": median, then quartiles.</summary>
    public string Text(string format = "0") =>
        $"{Median.ToString(format)} [{Quantile(0.25).ToString(format)}-{Quantile(0.75).ToString(format)}]";
}
