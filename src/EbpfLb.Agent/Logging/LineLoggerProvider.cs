using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Logging;

/// <summary>Writes one line per message to one writer, at once: the last words of a process that dies are its most useful ones.</summary>
internal sealed class LineLoggerProvider(TextWriter output, LogFormat format, TimeProvider time, RepeatLimiter? limiter) : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, LineLogger> loggers = new(StringComparer.Ordinal);
    private readonly Lock writing = new();

    public ILogger CreateLogger(string categoryName) => loggers.GetOrAdd(categoryName, name => new LineLogger(this, name));

    public void Dispose()
    {
    }

    private void Write(in LogLine message)
    {
        var leftOut = 0;
        if (limiter?.Allows(message, out leftOut) == false) return;
        var line = message with { LeftOut = leftOut };
        var text = Format(line, format);
        lock (writing)
        {
            output.Write(text);
            output.Flush();
        }
    }

    /// <summary>A message as it is written, with its line end.</summary>
    public static string Format(in LogLine line, LogFormat format)
    {
        var text = new StringBuilder();
        if (format == LogFormat.Journal) text.Append('<').Append(line.Priority).Append('>');
        if (format == LogFormat.Json) JsonLine.Append(text, line);
        else TextLine.Append(text, line);
        return text.Append('\n').ToString();
    }

    private sealed class LineLogger(LineLoggerProvider provider, string category) : ILogger
    {
        private readonly string shortCategory = category[(category.LastIndexOf('.') + 1)..];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var fields = state as IReadOnlyList<KeyValuePair<string, object?>> ?? [];
            provider.Write(
                new LogLine(provider.UtcNow, logLevel, shortCategory, eventId.Name, formatter(state, exception), fields, exception));
        }
    }

    private DateTimeOffset UtcNow => time.GetUtcNow();
}
