using System.CommandLine;
using System.Text.Json.Serialization;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Http.Server;

namespace EbpfLb.Agent.Commands.Monitor;

/// <summary>`ebpflb monitor`: drops, traces of flows and changes of the agent's state from now on, a line each.</summary>
internal sealed class MonitorCommand(CommandContext context)
{
    /// <summary>Of one question for drops; then the state is looked at.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);

    /// <summary>Drops and traces come from two questions at once.</summary>
    private readonly Lock output = new();

    public Command Create()
    {
        var instance = context.NewInstanceOptions();
        var filter = new DropFilterOptionSet();
        var types = MonitorTypes.CreateOption();
        var form = OutputOptionSet.ForReport();
        var command = new Command(
            "monitor", "Shows dropped packets, traces of flows and changes of the agent's state as they come, a line each");
        command.Options.Add(types);
        filter.AddTo(command);
        instance.AddTo(command);
        form.AddTo(command);
        command.SetAction((result, token) =>
        {
            var asked = filter.Read(result);
            return ExecuteAsync(
                instance.Read(result), new MonitorRequest(MonitorTypes.Of(result.GetValue(types), asked), asked, form.Read(result)), token);
        });
        return command;
    }

    private Task<int> ExecuteAsync(InstanceOptions instance, MonitorRequest request, CancellationToken cancellationToken)
        => context.AskAsync(instance, async view =>
        {
            // Those before are for `ebpflb drops`.
            var drops = await view.Flows.DropsAsync(0, TimeSpan.Zero, cancellationToken);
            if (drops.Origin == Origin.Maps)
            {
                await context.Terminal.Error.WriteLineAsync("no agent answers, and only agents tell of drops; start it with `ebpflb run`");
                return ExitCode.NotReady;
            }
            // An agent that cannot trace is told of at once, not waited for.
            if (request.Has(MonitorType.Trace) && view.Traces is { } traces)
                await traces.ReadAsync(new TraceQuery(request.Filter.ToTraceFilter()), cancellationToken);
            // Another agent counts its drops anew.
            return await context.FollowAsync(instance, view, now
                => FollowAsync(now, ReferenceEquals(now, view) ? drops.Last : 0, request, cancellationToken), cancellationToken);
        }, cancellationToken);

    private async Task FollowAsync(IInstanceView view, long last, MonitorRequest request, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> parts = [];
        if (request.Has(MonitorType.Drop) || request.Has(MonitorType.State)) parts.Add(FollowDropsAsync(view, last, request, either.Token));
        if (request.Has(MonitorType.Trace) && view.Traces is { } traces)
            parts.Add(new TraceFollower(traces, request.Filter, context.Time, lines => Write(lines, request.How)).RunAsync(either.Token));
        // None ends by itself: the first that fails says why.
        var ended = await Task.WhenAny(parts);
        await either.CancelAsync();
        await Task.WhenAll(parts).ContinueWith(
            _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await ended;
    }

    private async Task FollowDropsAsync(IInstanceView view, long last, MonitorRequest request, CancellationToken cancellationToken)
    {
        StatusReport? status = null;
        string? problem = null;
        while (true)
        {
            if (request.Has(MonitorType.State))
            {
                var now = await view.StatusAsync(cancellationToken);
                Write([.. StateChanges.Of(status, now).Select(change
                    => new MonitorLine("state", context.Time.GetUtcNow()) { State = change })], request.How);
                status = now;
            }
            var report = await view.Flows.DropsAsync(last, Wait, cancellationToken);
            last = report.Last;
            if (request.Has(MonitorType.Drop))
            {
                if (report.Problem != problem && report.Problem is { } why)
                    await context.Terminal.Error.WriteLineAsync(DropsCommand.ProblemText(why));
                problem = report.Problem;
                Write(
                    [.. report.Drops.Where(request.Filter.Matches).Select(d => new MonitorLine("drop", d.Time) { Drop = d })], request.How);
            }
        }
    }

    private void Write(IReadOnlyList<MonitorLine> lines, OutputView how)
    {
        if (lines.Count == 0) return;
        lock (output)
        {
            foreach (var line in lines) Write(line, how);
            context.Terminal.Out.Flush();
        }
    }

    private void Write(MonitorLine line, OutputView how)
    {
        if (how.IsReport) context.WriteNext(line, MonitorJson.Default.MonitorLine, how);
        else if (line.Drop is { } drop) context.Terminal.WriteLine($"drop  {DropsCommand.LineOf(drop)}", DropsCommand.ToneOf(drop));
        else if (line.Trace is { } trace) context.Terminal.WriteLine($"trace {TraceLine.Of(trace)}", Tone.None);
        else if (line.Lost is { } lost)
            context.Terminal.WriteLine($"lost  {DropsCommand.Time(line.Time)} {lost} traces not shown: there were too many", Tone.Warning);
        else context.Terminal.WriteLine($"state {DropsCommand.Time(line.Time)} {line.State!.What}"
            + (line.State.Text.Length > 0 ? $": {line.State.Text}" : ""), line.State.Tone);
    }

    /// <summary>What one run shows, and how.</summary>
    private sealed record MonitorRequest(IReadOnlySet<MonitorType> Types, DropFilter Filter, OutputView How)
    {
        public bool Has(MonitorType type) => Types.Contains(type);
    }
}

/// <summary>A line of `ebpflb monitor -o json`.</summary>
/// <param name="Kind">"drop", "trace", "lost" or "state", as the field is that it has.</param>
internal sealed record MonitorLine(string Kind, DateTimeOffset Time)
{
    public DropRow? Drop { get; init; }

    public TraceRow? Trace { get; init; }

    /// <summary>How many traces are not shown, as there were too many at once.</summary>
    public long? Lost { get; init; }

    public StateChange? State { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MonitorLine))]
internal sealed partial class MonitorJson : JsonSerializerContext;
