using EbpfLb.Agent.Control;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Model;
using EbpfLb.Policy;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Drains;

/// <summary>Drains and undrains between two rounds of the pipeline, and runs the next one at once.</summary>
internal sealed class DrainView(
    DrainStore store, DrainAbsences absences, PipelineState state, LoopRequests requests, Action wake, TimeProvider time, ILogger logger)
    : IDrainView
{
    /// <summary>As many names as a message has.</summary>
    private const int MostNames = 10;

    /// <summary>As of a duration that is written (DurationText).</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(200 * 365);

    public Task<DrainReport> ListAsync(CancellationToken cancellationToken) => Task.FromResult(Report());

    public Task<DrainReport> DrainAsync(DrainQuery query, CancellationToken cancellationToken)
    {
        var (backend, _) = Read(query);
        if (query.ForSeconds is { } seconds && !(seconds > 0 && seconds <= Longest.TotalSeconds))
            throw new FormatException("a drain is for longer than 0 and at most 200 years");
        return requests.RunAsync(turn => Drain(turn, backend ?? throw new FormatException("say which backend"), query), cancellationToken);
    }

    public Task<DrainReport> UndrainAsync(DrainQuery query, CancellationToken cancellationToken)
    {
        var (backend, service) = Read(query);
        return requests.RunAsync(turn => Undrain(turn, query, backend, service), cancellationToken);
    }

    private static (BackendDrain? Backend, ObjectName? Service) Read(DrainQuery query)
    {
        var service = DrainNames.ParseService(query.Service);
        return query.Address is not { } text ? (null, service)
            : IpAddress.TryParse(text, out var address) ? (new BackendDrain(address, query.Port, service, query.Force), service)
            : throw new FormatException($"'{text}' is not an IP address");
    }

    private DrainReport Drain(ISyncTurn turn, BackendDrain drain, DrainQuery query)
    {
        if (state.Compiled is not { } compiled) return Refuse("the agent has not compiled any Services yet; try again when it is ready");
        var current = store.Current;
        // One that is replaced does not count beside the new one.
        var others = current.Where(d => d with { Always = false } != drain with { Always = false }).ToValueList();
        var effect = DrainCheck.Preview(compiled.Snapshot, compiled.Options with { Drains = others }, compiled.Network, drain);
        if (effect.Ports.IsEmpty)
            throw new UnknownServiceException(
                $"no Service{(drain.Service is { } name ? $" {name}" : "")} has a backend {drain}; `ebpflb backends` lists them");
        if (!effect.Lists.IsEmpty && !drain.Always)
            return Refuse($"{drain} is the last backend of {Names(effect.Lists)}: without it their new connections are refused or "
                + "dropped; --force drains it all the same, --service NAME takes it from that Service alone");
        var now = time.GetUtcNow();
        var until = query.ForSeconds is { } seconds ? now + TimeSpan.FromSeconds(seconds) : (DateTimeOffset?)null;
        var services = effect.Ports.Select(p => p.Service).Distinct().ToValueList();
        if (TryChange(() => store.Put(new TimedDrain(drain, now, until) { Services = services })) is { } problem) return Refuse(problem);
        Log.Drained(logger, drain.ToString(), drain.Service?.ToString() ?? "all", until?.ToString("u") ?? "undrain", drain.Always,
            string.Join(",", services.Take(MostNames)));
        return Changed(turn, [drain.ToString()]);
    }

    private DrainReport Undrain(ISyncTurn turn, DrainQuery query, BackendDrain? backend, ObjectName? service)
    {
        IReadOnlyList<TimedDrain> removed = [];
        if (TryChange(() => removed = store.Remove(IsMeant)) is { } problem) return Refuse(problem);
        if (removed.Count == 0 && backend is not null)
            throw new UnknownServiceException(
                $"{backend}{(service is { } name ? $" of {name}" : "")} is not drained; `ebpflb drain` lists what is");
        foreach (var one in removed) Log.Undrained(logger, one.Drain.ToString(), one.Drain.Service?.ToString() ?? "all");
        return removed.Count == 0 ? Report() : Changed(turn, [.. removed.Select(d => d.Drain.ToString())]);

        bool IsMeant(TimedDrain timed)
            => (backend is not { } meant || (meant.Address == timed.Drain.Address && (query.Port == 0 || query.Port == timed.Drain.Port)))
                && (service is null || service == timed.Drain.Service);
    }

    /// <summary>null: it was changed.</summary>
    private static string? TryChange(Action change)
    {
        try
        {
            change();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"it could not be kept for the next agent, so nothing was changed: {e.Message}";
        }
    }

    private DrainReport Changed(ISyncTurn turn, IReadOnlyList<string> changed)
    {
        wake();
        var round = turn.RunAgain(anew: false);
        var report = Report() with { Changed = changed };
        return round is null or { Succeeded: true } ? report
            : report with { Problem = $"not everything is programmed; it is tried again by itself: {round.Failures[0]}" };
    }

    private DrainReport Refuse(string why) => Report() with { Refused = why };

    private DrainReport Report() => new([.. store.All.Select(RowOf)]) { Problem = store.Problem };

    private DrainRow RowOf(TimedDrain timed)
    {
        var effect = state.Table is { } table ? DrainCheck.InForce(table, timed.Drain) : new DrainEffect([], []);
        return new DrainRow(timed.Drain.ToString(), timed.Drain.Service?.ToString(), timed.Since, timed.Until, timed.Drain.Always)
        {
            Services = [.. timed.Services.Select(s => s.ToString())],
            AbsentSince = absences.SinceOf(timed),
            ServicePorts = [.. effect.Ports.Select(p => p.ToString())],
            UsedBy = [.. effect.Lists.Select(l => l.ToString())],
        };
    }

    private static string Names(ValueList<DrainedList> lists)
        => string.Join(", ", lists.Take(MostNames).Select(l => l.ToString()))
            + (lists.Count > MostNames ? $" and {lists.Count - MostNames} more" : "");
}
