using EbpfLb.Abi;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Kernel;
using EbpfLb.Datapath.Events;

namespace EbpfLb.Agent.Control;

/// <summary>Traces of flows; only an agent has the programs tell them.</summary>
internal interface ITraceView
{
    /// <summary>Those after a number. Programs trace from the first question on, and for some seconds after the last one.</summary>
    Task<TracesReport> ReadAsync(TraceQuery query, CancellationToken cancellationToken);
}

/// <summary>What the running agent keeps of them, with names.</summary>
/// <param name="lost">Traces for which programs had no room so far.</param>
/// <param name="read">As of <see cref="FollowedDevices"/>.</param>
internal sealed class TraceView(
    TraceHistory history, TraceWatchers watchers, Func<long> lost, IServiceNames names, TimeProvider time,
    Func<IReadOnlyDictionary<uint, string>>? read = null) : ITraceView
{
    /// <summary>After an answer, until the next question.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly FollowedDevices followed = new(read);

    public async Task<TracesReport> ReadAsync(TraceQuery query, CancellationToken cancellationToken)
    {
        var wait = TimeSpan.FromSeconds(query.WaitSeconds);
        watchers.Watch(query.Filter, wait + Grace);
        if (query.After is not { } after)
        {
            followed.Begin();
            return new TracesReport(history.Last, lost(), 0, []);
        }
        if (wait > TimeSpan.Zero) await history.WaitAfterAsync(after, wait, time, cancellationToken);
        var found = history.After(after);
        // Of an agent before this one: what is asked for has no number here.
        if (found.Count == 0) return new TracesReport(Math.Min(after, history.Last), lost(), 0, []);
        var devices = followed.For([.. found.Select(t => t.Event.Device).Distinct()]);
        return new TracesReport(
            found[^1].Number, lost(), found[0].Number - after - 1,
            [.. found.Select(t => RowOf(t, devices)).Where(row => query.Filter.MeansService(row.Service, row.ServiceId))]);
    }

    private TraceRow RowOf(Numbered<TraceEvent> trace, DeviceNames devices)
    {
        var told = trace.Event;
        return new TraceRow(
            trace.Number, told.Time, told.Kind.ToString().ToLowerInvariant(), HookOf(told), DropText.Protocol(told.Protocol),
            told.Client?.ToString(), told.Frontend.ToString(), told.Backend.ToString(), told.Source?.ToString(),
            told.Node is { IsSender: false } to ? to.Address.ToString() : null,
            told.Node is { IsSender: true } from ? from.Address.ToString() : null,
            devices.Of(told.Device), told.Process?.Name, told.Process?.Id, told.Cookie == 0 ? null : told.Cookie,
            names.Find(told.ServiceId) is { } port ? PortName.Of(port) : null, told.ServiceId);
    }

    private static string? HookOf(TraceEvent told) => told.Hook switch
    {
        LbTraceHook.AtTc => "tc",
        LbTraceHook.AtXdp => "xdp",
        LbTraceHook.AtSocket => told.Kind switch
        {
            LbTraceKind.Connected => "connect",
            LbTraceKind.Sent => "sendmsg",
            _ => "close",
        },
        _ => null,
    };
}
