using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Logging;

/// <summary>One message before it is formatted.</summary>
/// <param name="Logger">Last part of the category.</param>
/// <param name="Fields">Values of the message by name, with "{OriginalFormat}" among them.</param>
internal readonly record struct LogLine(
    DateTimeOffset Time,
    LogLevel Level,
    string Logger,
    string? Event,
    string Message,
    IReadOnlyList<KeyValuePair<string, object?>> Fields,
    Exception? Exception)
{
    /// <summary>Lines that said the same and were not written, see <see cref="RepeatLimiter"/>.</summary>
    public int LeftOut { get; init; }

    public string LevelName => Level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "fatal",
    };

    /// <summary>syslog(3)'s.</summary>
    public int Priority => Level switch
    {
        LogLevel.Trace or LogLevel.Debug => 7,
        LogLevel.Information => 6,
        LogLevel.Warning => 4,
        LogLevel.Error => 3,
        _ => 2,
    };
}
