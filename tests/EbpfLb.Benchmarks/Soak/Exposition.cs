using System.Globalization;

namespace EbpfLb.Benchmarks.Soak;

/// <summary>What an agent's /metrics says at one moment.</summary>
internal sealed class Exposition
{
    private readonly List<(string Name, string Labels, double Value)> samples = [];

    public Exposition(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            if (line.Length == 0 || line[0] == '#') continue;
            var space = line.LastIndexOf(' ');
            var brace = line.IndexOf('{', StringComparison.Ordinal);
            samples.Add((
                line[..(brace < 0 ? space : brace)], brace < 0 ? "" : line[brace..space],
                double.Parse(line.AsSpan(space + 1), CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>The sum of the samples of a name whose labels hold a text.</summary>
    public double Sum(string name, string label = "")
        => samples.Where(s => s.Name == name && s.Labels.Contains(label, StringComparison.Ordinal)).Sum(s => s.Value);

    /// <summary>Value by the value of a label.</summary>
    public Dictionary<string, double> By(string name, string label)
        => samples.Where(s => s.Name == name).ToDictionary(s => Label(s.Labels, label), s => s.Value);

    /// <summary>
    /// A quantile of what a histogram counted since an earlier moment, by interpolation in its bucket; NaN when it counted nothing.
    /// </summary>
    public double Quantile(string name, double q, Exposition? since)
    {
        var now = Buckets(name);
        var before = since?.Buckets(name);
        var counts = now.Select(b => (Upper: b.Key, Count: b.Value - (before?.GetValueOrDefault(b.Key) ?? 0)))
            .OrderBy(b => b.Upper).ToArray();
        if (counts.Length == 0 || counts[^1].Count == 0) return double.NaN;
        var rank = q * counts[^1].Count;
        var (lower, below) = (0.0, 0.0);
        foreach (var (upper, count) in counts)
        {
            if (count >= rank && count > below)
                return double.IsInfinity(upper) ? lower : lower + ((upper - lower) * (rank - below) / (count - below));
            (lower, below) = (upper, count);
        }
        return lower;
    }

    private Dictionary<double, double> Buckets(string name)
    {
        Dictionary<double, double> buckets = [];
        foreach (var (found, labels, value) in samples)
        {
            if (found != $"{name}_bucket") continue;
            var le = Label(labels, "le");
            var upper = le == "+Inf" ? double.PositiveInfinity : double.Parse(le, CultureInfo.InvariantCulture);
            buckets[upper] = buckets.GetValueOrDefault(upper) + value;
        }
        return buckets;
    }

    private static string Label(string labels, string name)
    {
        var from = labels.IndexOf($"{name}=\"", StringComparison.Ordinal);
        if (from < 0) return "";
        from += name.Length + 2;
        return labels[from..labels.IndexOf('"', from)];
    }
}
