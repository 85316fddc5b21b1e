using System.CommandLine;
using System.Text.Json;
using EbpfLb.Agent.Commands.Lists;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Configuration.Values;
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
        var output = new OutputOptionSet(Enum.GetValues<ListFormat>());
        var order = OrderOption.Create(["time", "reason", "service", "source", "destination", "bytes"]);
        var follow = new Option<bool>("--follow", "-f", "--watch", "-w") { Description = "Go on with those to come" };
        var filter = new DropFilterOptionSet();
        var since = CheckedOption.Create<TimeSpan?>(
            "--since", "DURATION", "Only drops recorded in this time up to now, such as 10m (default: all that are kept); the counters of "
                + "`ebpflb status` have no times", text => DurationText.Parse(text));
        var command = new Command("drops", "Shows packets that were dropped or lost lately, and why");
        filter.AddTo(command);
        command.Options.Add(since);
        command.Options.Add(order);
        instance.AddTo(command);
        command.Options.Add(follow);
        output.AddTo(command);
        OrderOption.ExcludeFollowing(command, order, follow);
        command.SetAction((result, token) => ExecuteAsync(
            instance.Read(result), filter.Read(result) with { From = From(result.GetValue(since)) }, result.GetValue(follow),
            new ListView(output.Read(result), result.GetValue(order), Watch: null), token));
        return command;
    }

    private Task<int> ExecuteAsync(
        InstanceOptions instance, DropFilter filter, bool follow, ListView how, CancellationToken cancellationToken)
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
            NoteProblem(report.Problem);
            Answer(report with { Drops = Sort([.. report.Drops.Where(filter.Matches)], how.Order) }, filter, how);
            if (!how.IsReport) NoteForgotten(report, filter);
            return ExitCode.Ok;
        }, cancellationToken);

    /// <summary>Drops are not reported: that none is shown says nothing.</summary>
    private void NoteProblem(string? problem)
    {
        if (problem is not null) context.Terminal.Error.WriteLine(ProblemText(problem));
    }

    public static string ProblemText(string problem)
        => $"drops are not reported: {problem}; the column COUNT of `ebpflb status` counts them all the same";

    /// <summary>By the time of day on purpose: drops have theirs.</summary>
    private DateTimeOffset? From(TimeSpan? since)
    {
        if (since is not { } time) return null;
        var now = context.Time.GetUtcNow();
        return time < now - DateTimeOffset.MinValue ? now - time : DateTimeOffset.MinValue;
    }

    /// <summary>The agent keeps the last drops only: in a flood they may be younger than what is asked for.</summary>
    private void NoteForgotten(DropsReport report, DropFilter filter)
    {
        if (filter.From is { } from && report.Drops is [{ Number: > 1 } oldest, ..] && oldest.Time > from)
            context.Terminal.Error.WriteLine($"{oldest.Number - 1} older drops are not kept any more, and some may be of this time: the "
                + $"first that is kept is of {Time(oldest)}");
    }

    private void Answer(DropsReport report, DropFilter filter, OutputView how)
    {
        if (how.IsReport)
        {
            context.Write(report, ControlJson.Default.DropsReport, how);
            return;
        }
        if (report.Drops.Count == 0 && !filter.IsEmpty) context.Terminal.Error.WriteLine("no drop that the agent keeps is such a one");
        else if (report is { Drops.Count: 0, Problem: null })
            context.Terminal.Error.WriteLine("nothing was dropped since the agent started; the column COUNT of `ebpflb "
                + "status` counts since the maps were made, also what was dropped before");
        if (how.Format == ListFormat.Name)
        {
            foreach (var name in report.Drops.Where(HasService).Select(ServiceOf).Distinct(StringComparer.Ordinal))
                context.Terminal.Out.WriteLine(name);
            return;
        }
        var isWide = how.Format == ListFormat.Wide;
        context.Terminal.Write(new Table(
            [
                new("TIME"), new("REASON"), new("PROTO"), new("SOURCE"), new("DESTINATION"), new("DEVICE"), new("BYTES", true),
                new("SERVICE"), .. isWide ? new Column[] { new("NUMBER", true), new("SERVICE ID", true), new("MEANING") } : [],
            ],
            [.. report.Drops.Select(d => (string[])
            [
                Time(d), d.Reason, d.Protocol, d.Source, d.Destination, d.Device ?? "-", d.Length.ToString(), ServiceOf(d),
                .. isWide ? new[] { $"{d.Number}", d.ServiceId == 0 ? "-" : $"{d.ServiceId}", MeaningOf(d) } : [],
            ])])
        {
            Tones = [.. report.Drops.Select(ToneOf)],
        }, how.HasHeaders);
        if (isWide || !how.HasHeaders) return;
        foreach (var reason in report.Drops.DistinctBy(d => d.Reason))
            context.Terminal.WriteLine($"{reason.Reason}: {MeaningOf(reason)}", ToneOf(reason));
    }

    private static IReadOnlyList<DropRow> Sort(IReadOnlyList<DropRow> drops, string? order) => order switch
    {
        null or "time" => drops,
        "reason" => [.. drops.OrderBy(d => d.Reason, StringComparer.Ordinal)],
        "service" => [.. drops.OrderBy(ServiceOf, StringComparer.Ordinal)],
        "source" => [.. drops.OrderBy(d => EndpointOrder.Of(d.Source))],
        "destination" => [.. drops.OrderBy(d => EndpointOrder.Of(d.Destination))],
        _ => [.. drops.OrderByDescending(d => d.Length)],
    };

    /// <param name="first">null: another agent, which counts its drops anew.</param>
    private async Task FollowAsync(
        IInstanceView view, DropsReport? first, DropFilter filter, OutputView how, CancellationToken cancellationToken)
    {
        var report = first ?? await view.Flows.DropsAsync(0, TimeSpan.Zero, cancellationToken);
        string? noted = null;
        while (true)
        {
            if (report.Problem != noted) NoteProblem(noted = report.Problem);
            // One line each, so that another program can read them as they come.
            foreach (var drop in report.Drops.Where(filter.Matches)) Write(drop, how);
            await context.Terminal.Out.FlushAsync(cancellationToken);
            report = await view.Flows.DropsAsync(report.Last, Wait, cancellationToken);
        }
    }

    private void Write(DropRow drop, OutputView how)
    {
        if (how.IsReport) context.WriteNext(drop, DropLines.Default.DropRow, how);
        else if (how.Format == ListFormat.Name && HasService(drop)) context.Terminal.Out.WriteLine(ServiceOf(drop));
        else if (how.IsTable) context.Terminal.WriteLine(LineOf(drop), ToneOf(drop));
    }

    /// <summary>Where nothing is to be done, a drop is what a rule asks for, and no error.</summary>
    public static Tone ToneOf(DropRow drop) => drop.Advice is null ? Tone.None : Tone.Error;

    public static string LineOf(DropRow drop)
        => $"{Time(drop)} {drop.Reason} {drop.Source} -> {drop.Destination}/{drop.Protocol} on {drop.Device ?? "-"} of "
            + $"{ServiceOf(drop)}: {drop.Meaning}";

    private static string Time(DropRow drop) => Time(drop.Time);

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");

    private static string MeaningOf(DropRow drop) => drop.Advice is null ? drop.Meaning : $"{drop.Meaning}: {drop.Advice}";

    private static bool HasService(DropRow drop) => drop.Service is not null || drop.ServiceId != 0;

    private static string ServiceOf(DropRow drop) => drop.Service ?? (drop.ServiceId == 0 ? "-" : $"#{drop.ServiceId}");
}
