using System.CommandLine;
using EbpfLb.Agent.Commands.Lists;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Drains;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Configuration.Values;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb drain [BACKEND]` and `ebpflb undrain`: which backends get no new connections of this node.</summary>
internal sealed class DrainCommand
{
    private const string BackendForms = "ADDRESS or ADDRESS:PORT, of IPv6 [ADDRESS]:PORT";

    private readonly CommandContext context;
    private readonly InstanceOptionSet instance;

    private static readonly IReadOnlyList<ListFormat> Forms = [ListFormat.Table, ListFormat.Json, ListFormat.Yaml, ListFormat.JsonPath];

    private readonly Option<string?> service = CheckedOption.Create<string?>(
        "--service", "NAMESPACE/NAME", "Only of this Service (default: of all)", text => DrainNames.ParseService(text)?.ToString());

    private DrainCommand(CommandContext context)
    {
        this.context = context;
        instance = context.NewInstanceOptions();
    }

    public static Command CreateDrain(CommandContext context) => new DrainCommand(context).NewDrain();

    public static Command CreateUndrain(CommandContext context) => new DrainCommand(context).NewUndrain();

    private Command NewDrain()
    {
        var backend = NewBackend("The backend; without one, lists what is drained");
        var time = CheckedOption.Create<TimeSpan?>("--for", "DURATION",
            "Ends by itself after this time, such as 30m (default: until `ebpflb undrain`)",
            text => DurationText.Parse(text) is var duration && duration > TimeSpan.Zero ? duration
                : throw new FormatException("give more than 0"));
        var force = new Option<bool>("--force")
        {
            Description = "Also where nothing else is left: new connections of such a Service are refused or dropped then",
        };
        var command = New("drain",
            "Lets no new connection of this node go to a backend, while those it has go on; without a backend, lists what is drained",
            backend, time, force);
        var list = new ListOptionSet([], Forms);
        list.AddTo(command);
        command.AddCheck(result =>
        {
            if (result.GetValue(backend) is null && (result.GetValue(service) ?? (object?)result.GetValue(time)) is not null)
                result.AddError("say which backend: its address, with or without a port");
            if (result.GetValue(backend) is not null && list.IsWatching(result))
                result.AddError("--watch is for the list of what is drained: leave the backend out");
        });
        command.SetAction((result, token) =>
        {
            var how = list.Read(result);
            if (result.GetValue(backend) is not { } text)
                return AskAsync(result, how, async view => Listed(await view.ListAsync(token), how), token);
            var (address, port) = DrainNames.ParseBackend(text);
            var query = new DrainQuery(
                address.ToString(), port, result.GetValue(service), result.GetValue(time)?.TotalSeconds, result.GetValue(force));
            return AskAsync(result, how, async view => Changed(await view.DrainAsync(query, token), "drained", how), token);
        });
        return command;
    }

    private Command NewUndrain()
    {
        var backend = NewBackend("The backend; without a port, what is drained of it with any");
        var all = new Option<bool>("--all") { Description = "Every backend that is drained" };
        var command = New("undrain", "Ends what `ebpflb drain` began", backend, all);
        var output = new OutputOptionSet(Forms);
        output.AddTo(command);
        command.AddCheck(result =>
        {
            if (result.GetValue(backend) is null == !result.GetValue(all)) result.AddError("say which backend, or give --all");
        });
        command.SetAction((result, token) =>
        {
            var query = new DrainQuery(null, Service: result.GetValue(service));
            if (result.GetValue(backend) is { } text && DrainNames.ParseBackend(text) is var (address, port))
                query = query with { Address = address.ToString(), Port = port };
            var how = new ListView(output.Read(result), Order: null, Watch: null);
            return AskAsync(result, how, async view => Changed(await view.UndrainAsync(query, token), "undrained", how), token);
        });
        return command;
    }

    private static Argument<string?> NewBackend(string what)
    {
        var argument = new Argument<string?>("BACKEND") { Description = $"{what}: {BackendForms}", Arity = ArgumentArity.ZeroOrOne };
        argument.Validators.Add(result =>
        {
            try
            {
                if (result.Tokens.Count > 0) _ = DrainNames.ParseBackend(result.Tokens[0].Value);
            }
            catch (FormatException e)
            {
                result.AddError(e.Message);
            }
        });
        return argument;
    }

    private Command New(string name, string description, Argument<string?> backend, params Option[] options)
    {
        var command = new Command(name, description);
        command.Arguments.Add(backend);
        command.Options.Add(service);
        foreach (var option in options) command.Options.Add(option);
        instance.AddTo(command);
        return command;
    }

    private Task<int> AskAsync(ParseResult result, ListView how, Func<IDrainView, Task<int>> answer, CancellationToken cancellationToken)
    {
        var options = instance.Read(result);
        return context.AskAsync(options, how, view =>
        {
            if (view.Drains is { } drains) return answer(drains);
            context.Terminal.Error.WriteLine($"no agent of instance '{options.Name}' answers, and only an agent drains; "
                + "those that were drained are drained again when one starts");
            return Task.FromResult(ExitCode.NotReady);
        }, cancellationToken);
    }

    private int Listed(DrainReport report, ListView how)
    {
        if (how.IsReport) context.Write(report, ControlJson.Default.DrainReport, how);
        else if (report.Drains.Count == 0) context.Terminal.Out.WriteLine("no backend is drained");
        else context.Terminal.Write(DrainText.Table(report.Drains), how.HasHeaders);
        if (report.Problem is { } problem) context.Terminal.Error.WriteLine(problem);
        return ExitCode.Ok;
    }

    private int Changed(DrainReport report, string how, ListView form)
    {
        if (form.IsReport) context.Write(report, ControlJson.Default.DrainReport, form);
        if (report.Refused is { } why)
        {
            context.Terminal.Error.WriteLine(why);
            return ExitCode.Failed;
        }
        if (!form.IsReport)
        {
            foreach (var backend in report.Changed) context.Terminal.Out.WriteLine($"{backend} {how}");
            if (report.Changed.Count == 0) context.Terminal.Out.WriteLine("no backend is drained");
        }
        if (report.Problem is { } problem) context.Terminal.Error.WriteLine(problem);
        return report.Problem is null ? ExitCode.Ok : ExitCode.Failed;
    }
}

/// <summary>Drains for people.</summary>
internal static class DrainText
{
    public static Table Table(IReadOnlyList<DrainRow> drains) => new(
        [new("DRAINED"), new("SERVICE"), new("SINCE"), new("UNTIL"), new("FORCE"), new("SERVICE PORTS", true), new("USED ALL THE SAME BY")],
        [.. drains.Select(d => new[]
        {
            d.Backend, d.Service ?? "all", Time(d.Since), Until(d), d.Forced ? "yes" : "no",
            d.ServicePorts.Count.ToString(), d.UsedBy.Count == 0 ? "-" : string.Join(", ", d.UsedBy),
        })]);

    /// <summary>When it ends, by itself or not.</summary>
    public static string Until(DrainRow drain)
    {
        if (drain.AbsentSince is { } absent && absent + DrainAbsences.Longest is var end && !(drain.Until < end))
            return $"{Time(end)} (backend gone)";
        return drain.Until is { } until ? Time(until) : "undrain";
    }

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}
