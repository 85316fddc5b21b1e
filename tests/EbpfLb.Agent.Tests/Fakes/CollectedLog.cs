using EbpfLb.Agent.Logging;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>The agent's own text log in memory.</summary>
internal sealed class CollectedLog : IDisposable
{
    private readonly CollectedText text = new();

    public CollectedLog() => Loggers = AgentLogging.Create(text.Writer, LogFormat.Text, 4, TimeProvider.System);

    public ILoggerFactory Loggers { get; }

    public string[] Lines => text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public void Dispose()
    {
        Loggers.Dispose();
        text.Dispose();
    }
}
