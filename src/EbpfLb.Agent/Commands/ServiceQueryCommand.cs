using System.CommandLine;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands;

/// <summary>A command that lists what a query for services finds in an instance.</summary>
internal static class ServiceQueryCommand
{
    /// <param name="answer">Asks and writes; returns the exit code.</param>
    public static Command Create(
        CommandContext context, string name, string description,
        Func<IInstanceView, ServiceQuery, OutputFormat, CancellationToken, Task<int>> answer)
    {
        var instance = context.NewInstanceOptions();
        var query = new ServiceQueryOptionSet();
        var format = CommandLine.CreateFormat();
        var command = new Command(name, description);
        query.AddTo(command);
        instance.AddTo(command);
        command.Options.Add(format);
        command.SetAction((result, token) => context.AskAsync(
            instance.Read(result), view => answer(view, query.Read(result), result.GetValue(format), token), token));
        return command;
    }
}
