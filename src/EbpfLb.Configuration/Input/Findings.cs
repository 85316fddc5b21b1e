namespace EbpfLb.Configuration.Input;

/// <summary>What reading one document found.</summary>
/// <param name="group">Of its API.</param>
/// <param name="text">Name of the text that lines are counted in, when it is not the file itself.</param>
internal sealed class Findings(string group, string? text)
{
    private readonly Dictionary<string, int> lines = new(StringComparer.Ordinal);

    public List<ConfigProblem> Errors { get; } = [];

    public List<ConfigProblem> Warnings { get; } = [];

    /// <summary>Remembers where a field is.</summary>
    public void Found(string path, int line) => lines[path] = line;

    public void Error(string path, string message, int? line = null) => Errors.Add(Problem(path, message, line));

    public void Warn(string path, string message, int? line = null) => Warnings.Add(Problem(path, message, line));

    private ConfigProblem Problem(string path, string message, int? line)
        => new(group, path, message, (line ?? LineOf(path)) is { } known ? $"line {known}{(text is null ? "" : $" of {text}")}" : null);

    /// <summary>An item's or a missing field's line is that of the nearest field around it.</summary>
    private int? LineOf(string path)
    {
        while (true)
        {
            if (lines.TryGetValue(path, out var line)) return line;
            var end = path.LastIndexOfAny(['.', '[']);
            if (end < 0) return null;
            path = path[..end];
        }
    }
}
