using EbpfLb.Agent.Control;

namespace EbpfLb.Agent.Commands.Monitor;

/// <summary>Asks for traces again and again, by which programs go on to trace.</summary>
internal sealed class TraceFollower(ITraceView view, DropFilter filter, TimeProvider time, Action<IReadOnlyList<MonitorLine>> write)
{
    private const double WaitSeconds = 2;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var asked = filter.ToTraceFilter();
        var before = await view.ReadAsync(new TraceQuery(asked), cancellationToken);
        while (true)
        {
            var report = await view.ReadAsync(new TraceQuery(asked, before.Last, WaitSeconds), cancellationToken);
            List<MonitorLine> lines = [];
            if (report.Lost - before.Lost + report.Forgotten is > 0 and var lost)
                lines.Add(new MonitorLine("lost", time.GetUtcNow()) { Lost = lost });
            lines.AddRange(report.Traces.Where(filter.Matches).Select(t => new MonitorLine("trace", t.Time) { Trace = t }));
            write(lines);
            before = report;
        }
    }
}

/// <summary>A trace in words.</summary>
internal static class TraceLine
{
    /// <summary>
    /// "2025-01-01T00:00:02.000Z opened 192.0.2.1:40000 -> 10.96.0.1:80/TCP -> 10.244.0.5:8080 as 10.0.0.1:61000 at tc on eth0 of
    /// default/web:http"
    /// </summary>
    public static string Of(TraceRow trace)
        => $"{DropsCommand.Time(trace.Time)} {trace.Event} {Client(trace)} -> {trace.Frontend}/{trace.Protocol} -> {trace.Backend}"
            + Part(" as ", trace.Snat) + Part(" by a tunnel to ", trace.ToNode) + Part(" by a tunnel from ", trace.FromNode)
            + Part(" at ", trace.Hook) + Part(" on ", trace.Device)
            + (trace.Process is null ? "" : $" in {trace.Process}[{trace.Pid}]")
            + $" of {trace.Service ?? $"#{trace.ServiceId}"}";

    /// <summary>Of a socket the port is often not known yet, and sometimes nothing is.</summary>
    private static string Client(TraceRow trace) => trace.Client switch
    {
        null => "-",
        var known when known.EndsWith(":0", StringComparison.Ordinal) => known[..^2].Trim('[', ']'),
        var known => known,
    };

    private static string Part(string before, string? what) => what is null ? "" : before + what;
}
