using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Logging;

/// <summary>Sets the log up: what is written, by -v, and how.</summary>
internal static class AgentLogging
{
    /// <summary>klog's habit: debugging begins at 4, tracing at 6.</summary>
    public static LogLevel LevelOf(int verbosity) => verbosity switch
    {
        >= 6 => LogLevel.Trace,
        >= 4 => LogLevel.Debug,
        _ => LogLevel.Information,
    };

    /// <summary>Text whose reader is systemd's journal is written for it, so that `journalctl --priority` knows warnings.</summary>
    /// <param name="stream">JOURNAL_STREAM, "DEVICE:INODE" of what systemd has opened for the log (systemd.exec(5)).</param>
    /// <param name="output">What the descriptor that is written to leads to: its link in /proc.</param>
    public static LogFormat For(LogFormat wanted, string? stream, string? output)
        => wanted == LogFormat.Text && stream?.Split(':') is [_, var inode] && output == $"socket:[{inode}]" ? LogFormat.Journal : wanted;

    /// <summary>Lines that are written before there is a log, with their priority where the journal reads them.</summary>
    public static string Early(LogFormat format, LogLevel level, string message) => format != LogFormat.Journal ? message
        : string.Join('\n', message.Split('\n').Select(line => $"<{new LogLine { Level = level }.Priority}>{line}"));

    /// <summary>A writer that holds nobody up when what reads it stops reading. The caller owns it.</summary>
    public static TextWriter Queue(TextWriter output, LogFormat format, TimeProvider time) => new QueuedWriter(
        output, count => LineLoggerProvider.Format(new LogLine(time.GetUtcNow(), LogLevel.Warning, "Log", "Dropped",
                $"Log lines dropped, their reader did not read: count={count}", [], null),
            format));

    /// <param name="limiter">null: every message is written.</param>
    public static ILoggerFactory Create(
        TextWriter output, LogFormat format, int verbosity, TimeProvider time, RepeatLimiter? limiter = null)
        => Create(output, format, new Verbosity(verbosity), time, limiter);

    /// <inheritdoc cref="Create(TextWriter, LogFormat, int, TimeProvider, RepeatLimiter?)"/>
    public static ILoggerFactory Create(
        TextWriter output, LogFormat format, Verbosity verbosity, TimeProvider time, RepeatLimiter? limiter = null)
    {
        var provider = new LineLoggerProvider(output, format, time, limiter);
        return LoggerFactory.Create(builder => builder
            .AddProvider(provider)
            .SetMinimumLevel(LogLevel.Trace)
            .AddFilter(level => verbosity.Allows(level))
            // Kestrel and the host talk about every connection below this.
            .AddFilter("Microsoft", LogLevel.Warning));
    }
}

/// <summary>How log lines look (--log-format).</summary>
internal enum LogFormat
{
    Text,
    Json,

    /// <summary>Text behind its priority, as sd-daemon(3) has it: "&lt;4&gt;".</summary>
    Journal,
}

/// <summary>How much is logged; may be changed while the agent runs.</summary>
internal sealed class Verbosity(int level)
{
    private volatile int level = level;

    public int Level
    {
        get => level;
        set => level = value;
    }

    public bool Allows(LogLevel message) => message >= AgentLogging.LevelOf(level);
}
