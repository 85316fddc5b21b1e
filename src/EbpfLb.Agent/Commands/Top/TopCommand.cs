using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Http.Server;

namespace EbpfLb.Agent.Commands.Top;

/// <summary>`ebpflb top`: service ports by what they do, again and again.</summary>
internal sealed class TopCommand(CommandContext context, TimeProvider time)
{
    private const string NotCounted = "-";

    public Command Create()
    {
        var instance = context.NewInstanceOptions();
        var query = new ServiceQueryOptionSet(hasShort: false);
        var repeat = new RepeatOptionSet();
        var output = OutputOptionSet.ForReport();
        var order = CheckedOption.Create("--sort", "rate|connections|datagrams|refused|open|bytes|name",
            "What stands first (default: rate, of connections and datagrams together)", Choice.Parse<TopOrder>);
        var lines = CheckedOption.Create<int?>("--lines", "N", "Most lines (default: as many as the terminal has, else all)",
            PositiveNumber.Parse);
        lines.Aliases.Add("-n");
        var command = new Command("top", "Shows services by rate: connections, datagrams and refusals a second, and open connections");
        query.AddTo(command);
        instance.AddTo(command);
        command.Options.Add(order);
        command.Options.Add(lines);
        repeat.AddTo(command);
        output.AddTo(command);
        command.SetAction((result, token) => ExecuteAsync(
            instance.Read(result), query.Read(result), repeat.Read(result),
            new TopView(result.GetValue(order), result.GetValue(lines), output.Read(result)), token));
        return command;
    }

    private async Task<int> ExecuteAsync(
        InstanceOptions instance, ServiceQuery query, Repetition repeat, TopView how, CancellationToken cancellationToken)
    {
        // The first reading, and one of another agent, is only what the next is compared with.
        (ServicesReport Report, long At)? last = null;
        var (shown, isAnew) = (0, false);
        return await repeat.RunAsync(time, () => context.AskAsync(instance, async view =>
        {
            if (await ReadAsync(view, query, hasStarted: last is not null || isAnew, cancellationToken) is not { } now)
            {
                if (!isAnew) NoteChange();
                (last, isAnew) = (null, true);
                return ExitCode.Ok;
            }
            var at = time.GetTimestamp();
            if (last is { } before && before.Report.Origin == now.Origin)
                Answer(TopRates.Of(before.Report, now, time.GetElapsedTime(before.At, at)), now.Origin, how, isFirst: shown++ == 0);
            else if (last is not null) NoteChange();
            (last, isAnew) = ((now, at), false);
            return ExitCode.Ok;
        }, cancellationToken), cancellationToken, isEnough: () => shown == repeat.Count);
    }

    private void NoteChange() => context.Terminal.Error.WriteLine("the agent changed; measuring anew");

    /// <summary>null: the agent that was asked before has been followed by one that knows no Services yet.</summary>
    private static async Task<ServicesReport?> ReadAsync(
        IInstanceView view, ServiceQuery query, bool hasStarted, CancellationToken cancellationToken)
    {
        try
        {
            return await view.ServicesAsync(query, cancellationToken);
        }
        catch (NotKnownYetException) when (hasStarted)
        {
            return null;
        }
    }

    private void Answer(IReadOnlyList<TopRow> all, string origin, TopView how, bool isFirst)
    {
        var terminal = context.Terminal;
        var rows = TopRates.Sort(all, how.Order);
        if (how.Output.IsReport)
        {
            context.WriteNext(new TopReport(origin, time.GetUtcNow(), [.. rows.Take(how.Lines ?? int.MaxValue)]),
                TopJson.Default.TopReport, how.Output);
            terminal.Out.Flush();
            return;
        }
        terminal.NextPage(isFirst);
        if (isFirst) context.NoteOrigin(origin);
        var most = how.Lines ?? terminal.Rows ?? int.MaxValue;
        terminal.Out.WriteLine($"{time.GetUtcNow().UtcDateTime:HH:mm:ss}Z  {all.Count} service ports, "
            + $"{Text(all.Sum(r => r.ConnectionRate))} connections/s, {Text(all.Sum(r => r.DatagramRate))} datagrams/s, "
            + $"{Text(all.Sum(r => r.RefusedRate))} refused/s, {all.Sum(r => (long)r.Open)} open");
        terminal.Write(new Table(
            [
                new("SERVICE"), new("CONN/S", true), new("DGRAM/S", true), new("REFUSED/S", true), new("OPEN", true), new("BACKENDS", true),
                new("PACKETS/S", true), new("BYTES/S", true),
            ],
            [.. rows.Take(most).Select(r => new[]
            {
                r.Service, Text(r.ConnectionRate), Text(r.DatagramRate), Text(r.RefusedRate), r.Open.ToString(), r.Backends.ToString(),
                Text(r.PacketRate), Text(r.ByteRate),
            })]));
        if (rows.Count > most) terminal.Out.WriteLine($"and {rows.Count - most} more (-n {rows.Count})");
        terminal.Out.Flush();
    }

    private static string Text(double? rate) => rate is { } counted ? Text(counted) : NotCounted;

    private static string Text(double rate) => rate.ToString(rate < 10 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private sealed record TopView(TopOrder Order, int? Lines, OutputView Output);
}

/// <summary>One measurement of `ebpflb top -o json`.</summary>
/// <param name="Origin">"agent" or "maps".</param>
internal sealed record TopReport(string Origin, DateTimeOffset Time, IReadOnlyList<TopRow> Services);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TopReport))]
internal sealed partial class TopJson : JsonSerializerContext;
