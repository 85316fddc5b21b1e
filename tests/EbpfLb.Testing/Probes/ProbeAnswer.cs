using System.Globalization;

namespace EbpfLb.Testing.Probes;

/// <summary>One line that netprobe answered: "ok key=value..." or "err stage=... errno=...".</summary>
public sealed record ProbeAnswer(bool Ok, IReadOnlyDictionary<string, string> Fields, string Line)
{
    /// <summary>Value of a key, "" when the answer has none.</summary>
    public string this[string key] => Fields.TryGetValue(key, out var value) ? value : "";

    /// <summary>Symbolic errno of a failed call, such as ECONNREFUSED.</summary>
    public string Errno => this["errno"];

    public long Number(string key) => long.Parse(this[key], CultureInfo.InvariantCulture);

    public static ProbeAnswer Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var fields = words.Skip(1)
            .Select(word => word.Split('=', 2))
            .Where(pair => pair.Length == 2)
            .DistinctBy(pair => pair[0])
            .ToDictionary(pair => pair[0], pair => pair[1]);
        return new ProbeAnswer(words is ["ok", ..], fields, line);
    }

    public override string ToString() => Line;
}
