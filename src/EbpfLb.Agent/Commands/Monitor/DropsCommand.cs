using System.CommandLine;
using System.Text.Json;
using EbpfLb.Agent.Commands.Lists;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Http.Server;

namespace EbpfLb.Agent.Commands.Monitor;

/// <summary>`ebpflb drops`: packets dropped lately, and why.</summary>
internal sealed class DropsCommand(CommandContext context)
{
    /// <summary>How long one question waits for an answer while following.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);

    public Command Create()
    {
        var instance = context.NewInstanceOptions();
        var output = new OutputOptionSet([ListFormat.Table, ListFormat.Json, ListFormat.Yaml, ListFormat.JsonPath]);
        var follow = new Option<bool>("--follow", "-f", "--watch", "-w") { Description = "Go on with those to come" };
        var filter = new DropFilterOptionSet();
        var command = new Command("drops", "Shows packets that were dropped or lost lately, and why");
        filter.AddTo(command);
        instance.AddTo(command);
        command.Options.Add(follow);
        output.AddTo(command);
        command.SetAction((result, token) => ExecuteAsync(
            instance.Read(result), filter.Read(result), result.GetValue(follow), output.Read(result), token));
        return command;
    }

    private Task<int> ExecuteAsync(
        InstanceOptions instance, DropFilter filter, bool follow, OutputView how, CancellationToken cancellationToken)
        => context.AskAsync(instance, async view =>
        {
            var report = await view.Flows.DropsAsync(0, TimeSpan.Zero, cancellationToken);
            if (report.Origin == Origin.Maps)
            {
                await context.Terminal.Error.WriteLineAsync("no agent answers, and only agents keep drops; start it with `ebpflb run`");
                return ExitCode.NotReady;
            }
            if (follow)
                return await context.FollowAsync(instance, view, now
                    => FollowAsync(now, ReferenceEquals(now, view) ? report : null, filter, how, cancellationToken), cancellationToken);
            Answer(report with { Drops = [.. report.Drops.Where(filter.Matches)] }, filter, how);
            return ExitCode.Ok;
        }, cancellationToken);

    private void Answer(DropsReport report, DropFilter filter, OutputView how)
    {
        if (how.IsReport)
        {
            context.Write(report, ControlJson.Default.DropsReport, how);
            return;
        }
        if (report.Drops.Count == 0 && !filter.IsEmpty) context.Terminal.Error.WriteLine("no drop that the agent keeps is such a one");
        else if (report.Drops.Count == 0)
            context.Terminal.Error.WriteLine("nothing was dropped since the agent started; the column COUNT of `ebpflb "
                + "status` counts since the maps were made, also what was dropped before");
        context.Terminal.Write(new Table(
            [new("TIME"), new("REASON"), new("PROTO"), new("SOURCE"), new("DESTINATION"), new("DEVICE"), new("BYTES", true),
                new("SERVICE")],
            [.. report.Drops.Select(d
                => new[] { Time(d), d.Reason, d.Protocol, d.Source, d.Destination, d.Device ?? "-", d.Length.ToString(), ServiceOf(d) })]),
            how.HasHeaders);
        if (!how.HasHeaders) return;
        foreach (var reason in report.Drops.DistinctBy(d => d.Reason))
            context.Terminal.Out.WriteLine($"{reason.Reason}: {reason.Meaning}{(reason.Advice is null ? "" : $": {reason.Advice}")}");
    }

    /// <param name="first">null: another agent, which counts its drops anew.</param>
    private async Task FollowAsync(
        IInstanceView view, DropsReport? first, DropFilter filter, OutputView how, CancellationToken cancellationToken)
    {
        var report = first ?? await view.Flows.DropsAsync(0, TimeSpan.Zero, cancellationToken);
        while (true)
        {
            // One line each, so that another program can read them as they come.
            foreach (var drop in report.Drops.Where(filter.Matches)) Write(drop, how);
            await context.Terminal.Out.FlushAsync(cancellationToken);
            report = await view.Flows.DropsAsync(report.Last, Wait, cancellationToken);
        }
    }

    private void Write(DropRow drop, OutputView how)
    {
        if (how.IsReport) context.WriteNext(drop, DropLines.Default.DropRow, how);
        else context.Terminal.Out.WriteLine(LineOf(drop));
    }

    public static string LineOf(DropRow drop)
        => $"{Time(drop)} {drop.Reason} {drop.Source} -> {drop.Destination}/{drop.Protocol} on {drop.Device ?? "-"} of "
            + $"{ServiceOf(drop)}: {drop.Meaning}";

    private static string Time(DropRow drop) => Time(drop.Time);

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");

    private static string ServiceOf(DropRow drop) => drop.Service ?? (drop.ServiceId == 0 ? "-" : $"#{drop.ServiceId}");
}
