using System.Text;

namespace EbpfLb.Kubernetes.Tests.Recordings;

/// <summary>A recorded answer of a real API server.</summary>
internal sealed record Recording(int Code, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The lines of a watch.</summary>
    public IEnumerable<string> Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Recording Load(string name)
    {
        var bytes = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Recordings", $"{name}.http"));
        var code = 0;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var start = 0;
        while (true)
        {
            var end = Array.IndexOf(bytes, (byte)'\n', start);
            var line = Encoding.UTF8.GetString(bytes, start, end - start).TrimEnd('\r', ' ');
            start = end + 1;
            if (line.StartsWith('#')) continue;
            if (line.Length == 0) return new Recording(code, headers, bytes[start..]);
            if (line.StartsWith("HTTP/", StringComparison.Ordinal)) code = int.Parse(line.Split(' ')[1]);
            else headers[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
        }
    }
}
