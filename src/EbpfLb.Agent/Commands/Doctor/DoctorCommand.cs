using System.CommandLine;
using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Configuration;

namespace EbpfLb.Agent.Commands.Doctor;

/// <summary>`ebpflb doctor`: looks at this node, with an agent or without, and says what is wrong and what to do.</summary>
internal sealed class DoctorCommand(CommandContext context, AgentParts parts)
{
    private const int Gap = 3;

    public Command Create()
    {
        var options = new DoctorOptionSet(context.NewInstanceOptions());
        var output = OutputOptionSet.ForReport();
        var command = new Command(
            "doctor", "Looks at this node, also where no agent runs, and says what is wrong and what to do; ends with 1 when there is a "
                + "problem");
        options.AddTo(command);
        output.AddTo(command);
        command.SetAction((result, token) => ExecuteAsync(options.Read(result), output.Read(result), token));
        return command;
    }

    private async Task<int> ExecuteAsync(DoctorRequest request, OutputView how, CancellationToken cancellationToken)
    {
        DoctorReport report;
        try
        {
            report = await parts.Examine(request, cancellationToken);
        }
        catch (ConfigException e)
        {
            await context.Terminal.Error.WriteLineAsync(e.Message);
            return ExitCode.Failed;
        }
        if (how.IsReport) context.Write(report, DoctorJson.Default.DoctorReport, how);
        else WriteText(report);
        return report.Problems > 0 ? ExitCode.Failed : ExitCode.Ok;
    }

    /// <summary>One line a finding, and what to do below it: findings are sentences, which a table would cut or stretch.</summary>
    private void WriteText(DoctorReport report)
    {
        var output = context.Terminal.Out;
        var (name, state) = (report.Checks.Select(c => c.Check.Length).Append(0).Max() + Gap, "problem".Length + Gap);
        foreach (var check in report.Checks)
        {
            var found = $"{check.Check.PadRight(name)}{check.State.ToString().ToLowerInvariant().PadRight(state)}{check.Finding}";
            context.Terminal.WriteLine(found, ToneOf(check.State));
            if (check.Remedy is { } remedy) output.WriteLine($"{new string(' ', name + state)}-> {remedy}");
        }
        output.WriteLine();
        output.WriteLine($"Instance {report.Instance}, options: {report.Configuration}");
        context.Terminal.WriteLine(
            $"{report.Count(CheckState.Ok)} ok, {report.Warnings} {(report.Warnings == 1 ? "warning" : "warnings")}, "
            + $"{report.Problems} {(report.Problems == 1 ? "problem" : "problems")}, {report.Unknown} unknown",
            report.Problems > 0 ? Tone.Error : report.Warnings > 0 ? Tone.Warning : Tone.None);
    }

    private static Tone ToneOf(CheckState state) => state switch
    {
        CheckState.Problem => Tone.Error,
        CheckState.Warning => Tone.Warning,
        _ => Tone.None,
    };
}
