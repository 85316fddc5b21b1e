using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Tests;

/// <summary>Loggers that add their messages to a list, from a level up.</summary>
internal sealed class LineLogs(List<string> lines, LogLevel least = LogLevel.Information) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
        => throw new NotSupportedException("there is one list of lines and no other provider");

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        lock (lines) lines.Add(formatter(state, exception));
    }
}
