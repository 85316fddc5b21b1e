using System.CommandLine;
using EbpfLb.Agent.Commands.Lists;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Configuration.Values;
using EbpfLb.Http.Server;

namespace EbpfLb.Agent.Commands.History;

/// <summary>`ebpflb history`: what was programmed, and when.</summary>
internal sealed class HistoryCommand(CommandContext context)
{
    /// <summary>How long one question waits for an answer while following.</summary>
    private const double WaitSeconds = 5;

    public Command Create()
    {
        var instance = context.NewInstanceOptions();
        var since = CheckedOption.Create<TimeSpan?>(
            "--since", "DURATION", "Only of this time up to now, such as 10m (default: all that is kept)",
            text => DurationText.Parse(text));
        var service = CheckedOption.Create<ServiceQuery?>(
            "--service", "NAME", "Only of this Service: NAME, NAMESPACE/NAME or NAMESPACE/", ParseService);
        var within = new Option<string?>("--namespace", "-n")
        {
            HelpName = "NAMESPACE", Description = "Only of Services in this namespace",
        };
        var follow = new Option<bool>("--follow", "-f", "--watch", "-w") { Description = "Go on with those to come" };
        var output = new OutputOptionSet(Enum.GetValues<ListFormat>());
        var order = OrderOption.Create(["time", "took", "operations"]);
        var command = new Command("history", "Shows what was programmed, when, how long it took, and what the kernel refused");
        foreach (var option in new Option[] { since, service, within, order, follow }) command.Options.Add(option);
        instance.AddTo(command);
        output.AddTo(command);
        OrderOption.ExcludeFollowing(command, order, follow);
        command.SetAction((result, token) =>
        {
            var asked = result.GetValue(service);
            var query = new HistoryQuery(
                SinceSeconds: result.GetValue(since)?.TotalSeconds, Namespace: asked?.Namespace ?? result.GetValue(within),
                Name: asked?.Name);
            var how = new ListView(output.Read(result), result.GetValue(order), Watch: null);
            return ExecuteAsync(instance.Read(result), query, result.GetValue(follow), how, token);
        });
        return command;
    }

    private static ServiceQuery? ParseService(string text)
    {
        var query = ServiceQuery.Parse(text);
        return query is { Id: null, Port: null } ? query
            : throw new FormatException($"'{text}' names a service port, and the history is by Service; give NAMESPACE/NAME");
    }

    private Task<int> ExecuteAsync(
        InstanceOptions instance, HistoryQuery query, bool follow, ListView how, CancellationToken cancellationToken)
        => context.AskAsync(instance, async view =>
        {
            if (view.History is not { } history)
            {
                await context.Terminal.Error.WriteLineAsync("no agent answers, and only agents keep a history; start it with `ebpflb run`");
                return ExitCode.NotReady;
            }
            var report = await history.ReadAsync(query, cancellationToken);
            if (!follow) return Answer(report with { Plans = Sort(report.Plans, how.Order) }, query, how);
            var followed = new FollowedHistory(query, report, context, how);
            return await context.FollowAsync(instance, view, now => followed.RunAsync(now.History!, WaitSeconds, cancellationToken),
                cancellationToken);
        }, cancellationToken);

    private static IReadOnlyList<PlanRow> Sort(IReadOnlyList<PlanRow> plans, string? order) => order switch
    {
        null or "time" => plans,
        "took" => [.. plans.OrderByDescending(p => p.Milliseconds)],
        _ => [.. plans.OrderByDescending(p => p.Operations)],
    };

    private int Answer(HistoryReport report, HistoryQuery query, OutputView how)
    {
        if (how.Format == ListFormat.Name)
        {
            foreach (var name in report.Plans.SelectMany(p => p.Changes).Select(c => c.Service).Distinct(StringComparer.Ordinal))
                context.Terminal.Out.WriteLine(name);
        }
        else if (how.IsTable)
        {
            context.Terminal.Write(HistoryText.Table(report.Plans, how.Format == ListFormat.Wide), how.HasHeaders);
        }
        else
        {
            context.Write(report, ControlJson.Default.HistoryReport, how);
        }
        if (!how.IsReport) Note(report, query);
        return ExitCode.Ok;
    }

    /// <summary>What the rows do not say.</summary>
    private void Note(HistoryReport report, HistoryQuery query)
    {
        var error = context.Terminal.Error;
        if (report.Dropped > 0) error.WriteLine($"{report.Dropped} older plans were dropped, as the agent keeps the last ones only");
        if (report.Problem is { } problem) error.WriteLine(problem);
        var hidden = query.HasService ? report.Plans.Sum(p => (long)p.NotListed) : 0;
        if (hidden > 0)
            error.WriteLine($"{hidden} Services of plans that changed many are counted and not named: whether yours was one of them is not "
                + "known; `ebpflb services -o wide` has its last change");
        if (report.Plans.Count == 0) error.WriteLine("nothing that is kept is such a change");
    }
}

/// <summary>The history as it goes on, also over restarts of the agent.</summary>
internal sealed class FollowedHistory(HistoryQuery query, HistoryReport first, CommandContext context, OutputView how)
{
    private HistoryReport? waiting = first;
    private DateTimeOffset? started = first.Started;
    private DateTimeOffset shown = DateTimeOffset.MinValue;

    /// <summary>Of another agent: what it took over up to then has been shown; null: nothing of it has.</summary>
    private DateTimeOffset? takenOver;

    private long last;

    /// <summary>Until the token ends it, or the agent does not answer.</summary>
    public async Task RunAsync(IHistoryView history, double waitSeconds, CancellationToken cancellationToken)
    {
        while (true)
        {
            var report = waiting ?? await history.ReadAsync(query with { After = last, WaitSeconds = waitSeconds }, cancellationToken);
            waiting = null;
            if (report.Started != started)
            {
                // Another agent may have begun to count anew.
                (started, last, takenOver) = (report.Started, 0, shown);
                continue;
            }
            foreach (var plan in report.Plans.Where(p => takenOver is not { } until || p.Time > until))
            {
                Write(plan);
                shown = plan.Time;
            }
            (last, takenOver) = (report.Last, null);
            await context.Terminal.Out.FlushAsync(cancellationToken);
        }
    }

    private void Write(PlanRow plan)
    {
        var output = context.Terminal.Out;
        switch (how.Format)
        {
            case ListFormat.Json or ListFormat.Yaml or ListFormat.JsonPath:
                context.WriteNext(plan, HistoryLines.Default.PlanRow, how);
                break;
            case ListFormat.Name:
                foreach (var change in plan.Changes) output.WriteLine(change.Service);
                break;
            default:
                foreach (var (text, tone) in HistoryText.Lines(plan)) context.Terminal.WriteLine(text, tone);
                break;
        }
    }
}
