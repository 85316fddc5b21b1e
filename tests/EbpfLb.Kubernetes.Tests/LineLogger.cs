using EbpfLb.Testing.Processes;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Kubernetes.Tests;

/// <summary>Keeps the lines that were logged, warnings and worse with their exceptions.</summary>
internal sealed class LineLogger<T> : ILogger<T>
{
    private readonly List<string> lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (lines) return [.. lines];
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (lines) lines.Add($"{logLevel}: {formatter(state, exception)}{(exception is null ? "" : $" {exception}")}");
    }

    public void Until(Func<string, bool> satisfies)
        => Eventually.True(() => Lines.Any(satisfies), () => $"a line of the log, which has: {string.Join('\n', Lines)}");
}
