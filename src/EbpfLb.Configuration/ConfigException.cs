namespace EbpfLb.Configuration;

/// <summary>A configuration that cannot be used; the message has all that is wrong, a line each.</summary>
public sealed class ConfigException : Exception
{
    /// <param name="name">Of the file, for people.</param>
    public ConfigException(string name, IReadOnlyList<ConfigProblem> problems, IReadOnlyList<string>? warnings = null)
        : base($"{name} cannot be used:{string.Concat(problems.Select(p => $"\n  {p}"))}")
    {
        Problems = problems;
        Warnings = warnings ?? [];
    }

    public IReadOnlyList<ConfigProblem> Problems { get; }

    /// <summary>What would only have been warned of.</summary>
    public IReadOnlyList<string> Warnings { get; }
}
