using System.CommandLine;
using System.Text.Json.Serialization;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Http.Server;

namespace EbpfLb.Agent.Commands.Monitor;

/// <summary>`ebpflb monitor`: drops and changes of the agent's state from now on, a line each.</summary>
internal sealed class MonitorCommand(CommandContext context)
{
    /// <summary>Of one question for drops; then the state is looked at.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(1);

    public Command Create()
    {
        var instance = context.NewInstanceOptions();
        var filter = new DropFilterOptionSet();
        var output = OutputOptionSet.ForReport();
        var command = new Command("monitor", "Shows dropped packets and changes of the agent's state as they come, a line each");
        filter.AddTo(command);
        instance.AddTo(command);
        output.AddTo(command);
        command.SetAction((result, token) => ExecuteAsync(instance.Read(result), filter.Read(result), output.Read(result), token));
        return command;
    }

    private Task<int> ExecuteAsync(InstanceOptions instance, DropFilter filter, OutputView how, CancellationToken cancellationToken)
        => context.AskAsync(instance, async view =>
        {
            // Those before are for `ebpflb drops`.
            var drops = await view.Flows.DropsAsync(0, TimeSpan.Zero, cancellationToken);
            if (drops.Origin == Origin.Maps)
            {
                await context.Terminal.Error.WriteLineAsync("no agent answers, and only agents tell of drops; start it with `ebpflb run`");
                return ExitCode.NotReady;
            }
            // Another agent counts its drops anew.
            return await context.FollowAsync(instance, view, now
                => FollowAsync(now, ReferenceEquals(now, view) ? drops.Last : 0, filter, how, cancellationToken), cancellationToken);
        }, cancellationToken);

    private async Task FollowAsync(IInstanceView view, long last, DropFilter filter, OutputView how,
        CancellationToken cancellationToken)
    {
        StatusReport? status = null;
        while (true)
        {
            if (filter.IsEmpty)
            {
                var now = await view.StatusAsync(cancellationToken);
                foreach (var change in StateChanges.Of(status, now))
                    Write(new MonitorLine("state", context.Time.GetUtcNow()) { State = change }, how);
                status = now;
            }
            await context.Terminal.Out.FlushAsync(cancellationToken);
            var report = await view.Flows.DropsAsync(last, Wait, cancellationToken);
            last = report.Last;
            foreach (var drop in report.Drops.Where(filter.Matches)) Write(new MonitorLine("drop", drop.Time) { Drop = drop }, how);
        }
    }

    private void Write(MonitorLine line, OutputView how)
    {
        if (how.IsReport) context.WriteNext(line, MonitorJson.Default.MonitorLine, how);
        else if (line.Drop is { } drop) context.Terminal.WriteLine($"drop  {DropsCommand.LineOf(drop)}", DropsCommand.ToneOf(drop));
        else context.Terminal.WriteLine($"state {DropsCommand.Time(line.Time)} {line.State!.What}"
            + (line.State.Text.Length > 0 ? $": {line.State.Text}" : ""), line.State.Tone);
    }
}

/// <summary>A line of `ebpflb monitor -o json`.</summary>
/// <param name="Kind">"drop" or "state", as the field is that it has.</param>
internal sealed record MonitorLine(string Kind, DateTimeOffset Time)
{
    public DropRow? Drop { get; init; }

    public StateChange? State { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MonitorLine))]
internal sealed partial class MonitorJson : JsonSerializerContext;
