using System.CommandLine;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Configuration.Values;

namespace EbpfLb.Agent.Commands.Lists;

/// <summary>`ebpflb status`: is it ready, and if not, why.</summary>
internal sealed class StatusCommand(CommandContext context)
{
    private const int MaxLeftAlone = 20;
    private const string LeftAlone = "none";

    public Command Create()
    {
        var instance = context.NewInstanceOptions();
        var list = new ListOptionSet([], ListFormat.Table, ListFormat.Wide, ListFormat.Json, ListFormat.Yaml,
            ListFormat.JsonPath);
        var command = new Command("status", "Shows whether an instance is ready, and if not, why");
        var wait = CheckedOption.CreateBare<TimeSpan?>(
            "--wait", "DURATION", $"Wait until it is ready, this long at most (default: {DurationText.Format(StatusWait.Default)})",
            StatusWait.Default, text => DurationText.Parse(text));
        instance.AddTo(command);
        command.Options.Add(wait);
        list.AddTo(command);
        command.AddCheck(result =>
        {
            if (list.IsWatching(result) && result.GetResult(wait) is { Implicit: false })
                result.AddError("--wait ends when it is ready, and --watch goes on: give one of the two");
        });
        command.SetAction((result, token) =>
        {
            var how = list.Read(result);
            if (result.GetValue(wait) is { } limit)
                return new StatusWait(context).RunAsync(instance.Read(result), limit, report => Answer(report, how), token);
            return context.AskAsync(instance.Read(result), how, async view => Answer(await view.StatusAsync(token), how), token);
        });
        return command;
    }

    private int Answer(StatusReport report, ListView how)
    {
        if (how.IsTable) WriteText(report, how);
        else context.Write(report, ControlJson.Default.StatusReport, how);
        return report.Ready ? ExitCode.Ok : ExitCode.NotReady;
    }

    private void WriteText(StatusReport report, ListView how)
    {
        context.NoteOrigin(report.Origin);
        var output = context.Terminal.Out;
        var ready = report.Ready ? Tone.None : Tone.Error;
        context.Terminal.WriteLine(report.Ready ? "Ready" : "Not ready", ready);
        foreach (var reason in report.NotReady) context.Terminal.WriteLine($"  - {reason}", ready);
        output.WriteLine();
        var summary = Summary(report).ToList();
        context.Terminal.Write(new Table([new("WHAT"), new("HOW")], [.. summary.Select(s => new[] { s.What, s.How })])
        {
            Tones = [.. summary.Select(s => s.Tone)],
        }, how.HasHeaders);
        WriteTable(how, new Table(
            [new("HOOK"), new("PROGRAM", true), new("LINK", true), new("CGROUP")],
            [.. report.Hooks.Select(h => new[] { h.Hook, h.ProgramId.ToString(), h.LinkId.ToString(), h.Cgroup })]));
        WriteDevices(report.Devices, how);
        WriteTable(how, new Table(
            [new("MAP"), new("ENTRIES", true), new("CAPACITY", true), new("FULL", true)],
            [.. report.Maps.Select(m => new[] { m.Name, m.Entries.ToString(), m.Capacity.ToString(), Percent(m) })]));
        WriteTable(how, new Table(
            [new("DROPPED PACKETS"), new("COUNT", true), new("SINCE START", true), new("BYTES", true), new("MEANING")],
            [.. report.Drops.Select(d => new[]
            {
                d.Reason, d.Packets.ToString(), d.PacketsSinceStart?.ToString() ?? "-", d.Bytes.ToString(),
                d.Advice is null ? d.Meaning : $"{d.Meaning}: {d.Advice}",
            })])
        {
            // What is long past is none any more.
            Tones = [.. report.Drops.Select(ToneOf)],
        });
        WriteTable(how, DrainText.Table(report.Drains));
        WriteList("Failed to program:", report.Failures, Tone.Error);
        WriteList("Rejected configuration:", report.Problems, Tone.Warning);
        WriteList("Warnings:", report.Warnings, Tone.Warning);
        WriteList("Missing in this kernel:", [.. report.Features.Where(f => f.Available == false).Select(f => $"{f.Name}: {f.Lost}")],
            Tone.None);
        if (report.NotKnown.Count > 0) WriteList("Not known without an agent:", [string.Join(", ", report.NotKnown)], Tone.None);
        WriteList("Not known yet of this kernel:", [.. report.Features.Where(f => f.Available is null).Select(f => f.Name)], Tone.None);
    }

    /// <summary>Without an agent it is not known how long ago it was.</summary>
    private static Tone ToneOf(ReasonStatus drop) => drop switch
    {
        { Advice: null } or { PacketsSinceStart: 0 } => Tone.None,
        { PacketsSinceStart: null } => Tone.Warning,
        _ => Tone.Error,
    };

    private static IEnumerable<(string What, string How, Tone Tone)> Summary(StatusReport report)
    {
        yield return ("Instance",
            report.Version is null ? report.Instance : $"{report.Instance}, version {report.Version}, since {Time(report.Started)}",
            Tone.None);
        if (report.Source is { } source)
        {
            yield return (
                "Source", $"{source.Description}, {(source.Synced ? "synced" : "not read completely yet")}, last contact {Age(source)}",
                Tone.None);
            if (source.Error is not null) yield return ("Source error", source.Error, Tone.Error);
        }
        if (report.Canary is { } canary)
            yield return ("Canary", canary.Ok ? $"ok, checked {Time(canary.CheckedAt)}" : canary.Problem ?? "failed",
                canary.Ok ? Tone.None : Tone.Error);
        if (report.NodePortAddresses.Count > 0) yield return ("NodePorts on", string.Join(", ", report.NodePortAddresses), Tone.None);
        if (report.Schedulers.Count > 0)
            yield return ("Schedulers", string.Join(", ", report.Schedulers.Select(s
                => $"{s.Name} {s.ServicePorts}{(s.Weighted > 0 ? $" ({s.Weighted} with weights)" : "")}")), Tone.None);
        if (report.LastPlan is { } plan)
        {
            yield return (
                "Last plan", $"snapshot {plan.Snapshot} at {Time(plan.EndedAt)}: {plan.Services} services, {plan.Operations} operations, "
                + $"compiled in {plan.CompileMs:0.00} ms, applied in {plan.ApplyMs:0.00} ms, {plan.Failed} failed"
                + (plan.RetryInSeconds is { } seconds ? $", tried again after {seconds} s" : ""),
                plan.Failed > 0 ? Tone.Error : Tone.None);
        }
    }

    /// <summary>A node has a device for each pod: of those left alone only the first are shown, -o wide and JSON have all.</summary>
    private void WriteDevices(IReadOnlyList<DeviceStatus> devices, ListView how)
    {
        var leftAlone = devices.Where(d => d.Role == LeftAlone).ToList();
        var most = how.Format == ListFormat.Wide ? int.MaxValue : MaxLeftAlone;
        var shown = devices.Except(leftAlone.Skip(most)).ToList();
        WriteTable(how, new Table(
            [
                new("DEVICE"), new("ROLE"), new("BY"), new("IN", true), new("OUT", true), new("XDP"), new("SNAT ADDRESSES"),
                new("WHY"),
            ],
            [.. shown.Select(d => new[]
            {
                d.Name, d.Role == LeftAlone ? "left alone" : d.Role, d.Method ?? "-", Program(d.IngressProgram), Program(d.EgressProgram),
                d.Xdp is null ? "-" : d.XdpAt is { } at ? $"{d.Xdp} at {at}" : d.Xdp,
                d.Role == LeftAlone ? "-" : string.Join(", ", new[] { d.Snat4, d.Snat6 }.OfType<string>()),
                string.Join("; ", new[] { d.Reason, d.Error, d.XdpProblem is { } problem ? $"no XDP: {problem}" : null }.OfType<string>()),
            })])
        {
            Tones = [.. shown.Select(d => d.Error is not null ? Tone.Error : d.XdpProblem is not null ? Tone.Warning : Tone.None)],
        });
        if (leftAlone.Count > most)
            context.Terminal.Out.WriteLine($"and {leftAlone.Count - MaxLeftAlone} more left alone (all of them: -o wide)");

        static string Program(uint id) => id == 0 ? "-" : id.ToString();
    }

    private void WriteTable(ListView how, Table table)
    {
        if (table.Rows.Count == 0) return;
        context.Terminal.Out.WriteLine();
        context.Terminal.Write(table, how.HasHeaders);
    }

    private void WriteList(string heading, IReadOnlyList<string> lines, Tone tone)
    {
        if (lines.Count == 0) return;
        context.Terminal.Out.WriteLine();
        context.Terminal.WriteLine(heading, tone);
        foreach (var line in lines) context.Terminal.WriteLine($"  - {line}", tone);
    }

    private static string Percent(MapStatus map) => map.Capacity == 0 ? "-" : $"{100.0 * map.Entries / map.Capacity:0.0} %";

    private static string Age(SourceReport source) => source.ContactAgeSeconds is { } seconds
        ? $"{DurationText.Format(TimeSpan.FromSeconds(Math.Round(seconds, 1)))} ago"
        : Time(source.LastContact);

    private static string Time(DateTimeOffset? time)
        => time is { } known ? known.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'") : "never";
}
