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
        (ServicesReport Report, long At)? last = null;
        // The first reading is only what the next is compared with.
        var shown = -1;
        return await repeat.With(repeat.Count + 1).RunAsync(time, async () => await context.AskAsync(instance, async view =>
        {
            var now = await view.ServicesAsync(query, cancellationToken);
            var at = time.GetTimestamp();
            if (last is { } before) Answer(TopRates.Of(before.Report, now, time.GetElapsedTime(before.At, at)), now.Origin, how,
                isFirst: shown == 0);
            last = (now, at);
            shown++;
            return ExitCode.Ok;
        }, cancellationToken), cancellationToken);
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
