using System.CommandLine;
using EbpfLb.Agent.Commands.Lists;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands;

/// <summary>`ebpflb verify`: is what is programmed what should be.</summary>
internal sealed class VerifyCommand(CommandContext context)
{
    public Command Create()
    {
        var instance = context.NewInstanceOptions();
        var list = new ListOptionSet([], ListFormat.Table, ListFormat.Json, ListFormat.Yaml, ListFormat.JsonPath);
        var dryRun = new Option<bool>("--dry-run") { Description = "Only look: what differs is not repaired" };
        var command = new Command("verify",
            "Compares API server, compiled table, maps, hooks and programs at devices with each "
                + "other, and has differences repaired; ends with 1 when there were any, and with 3 when none was found "
                + "but not all could be compared");
        instance.AddTo(command);
        list.AddTo(command);
        command.Options.Add(dryRun);
        command.SetAction((result, token) => ExecuteAsync(instance.Read(result), !result.GetValue(dryRun), list.Read(result), token));
        return command;
    }

    private Task<int> ExecuteAsync(InstanceOptions instance, bool repair, ListView how, CancellationToken cancellationToken)
        => context.AskAsync(
            instance, how, async view => Answer(await view.VerifyAsync(repair, cancellationToken), how), cancellationToken);

    private int Answer(VerifyReport report, ListView how)
    {
        if (how.IsReport) context.Write(report, ControlJson.Default.VerifyReport, how);
        else WriteText(report, how);
        return !report.Equal ? ExitCode.Failed : report.IsKnown ? ExitCode.Ok : ExitCode.NotReady;
    }

    private void WriteText(VerifyReport report, ListView how)
    {
        if (report.Origin == Origin.Maps)
            context.Terminal.Error.WriteLine("no agent answers: the pinned maps are compared with each other only");
        var output = context.Terminal.Out;
        context.Terminal.WriteLine(
            !report.Equal ? $"{report.Differences.Count} differences, {report.Differences.Count(d => d.Repaired)} of them repaired"
            : report.IsKnown ? "Equal" : "Not known: nothing that was compared differs, but not all could be compared",
            !report.Equal && !report.Differences.All(d => d.Repaired) ? Tone.Error
            : report is { Equal: true, IsKnown: true } ? Tone.None : Tone.Warning);
        foreach (var reason in report.NotCompared) output.WriteLine($"  - not compared: {reason}");
        output.WriteLine();
        context.Terminal.Write(new Table(
            [new("COMPARED"), new("WHAT"), new("ELEMENTS", true)], [.. report.Compared.Select(c
                => new[] { c.Stage, c.What, c.Elements.ToString() })]), how.HasHeaders);
        if (report.Differences.Count == 0) return;
        output.WriteLine();
        context.Terminal.Write(new Table(
            [new("OBJECT"), new("FIELD"), new("EXPECTED"), new("FOUND"), new("REPAIRED")],
            [.. report.Differences.Select(d
                => new[] { Named(d), d.Field, d.Expected, d.Found, d.Repaired ? "yes" : report.DryRun ? "not tried" : "no" })])
        {
            Tones = [.. report.Differences.Select(d => d.Repaired ? Tone.Warning : Tone.Error)],
        }, how.HasHeaders);
    }

    /// <summary>A key says little to people: whose it is does.</summary>
    private static string Named(DifferenceRow row)
        => row.Service is { } service && !row.Object.Contains(service, StringComparison.Ordinal) ? $"{row.Object} of {service}"
            : row.Object;
}
