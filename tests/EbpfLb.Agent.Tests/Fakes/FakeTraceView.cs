using EbpfLb.Agent.Control;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>Traces with fixed answers.</summary>
internal sealed class FakeTraceView : ITraceView
{
    private readonly Lock gate = new();
    private readonly List<TraceQuery> asked = [];

    public Queue<TracesReport> Reports { get; } = [];

    /// <summary>All questions so far.</summary>
    public IReadOnlyList<TraceQuery> Asked
    {
        get
        {
            lock (gate) return [.. asked];
        }
    }

    /// <summary>One report after the other; when there is none left it waits for ever. A question that is not for any is not one.</summary>
    public async Task<TracesReport> ReadAsync(TraceQuery query, CancellationToken cancellationToken)
    {
        lock (gate) asked.Add(query);
        if (query.After is null) return new TracesReport(7, 100, 0, []);
        if (Reports.TryDequeue(out var report)) return report;
        await Task.Delay(Timeout.Infinite, cancellationToken);
        throw new InvalidOperationException("unreachable");
    }
}
