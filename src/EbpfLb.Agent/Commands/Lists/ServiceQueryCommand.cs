using System.CommandLine;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;

namespace EbpfLb.Agent.Commands.Lists;

/// <summary>A command that lists what a query for services finds in an instance.</summary>
internal static class ServiceQueryCommand
{
    /// <param name="orders">Of --sort.</param>
    /// <param name="answer">Asks and writes.</param>
    public static Command Create(
        CommandContext context, string name, string description, IReadOnlyList<string> orders,
        Func<IInstanceView, ServiceQuery, ListView, CancellationToken, Task> answer)
    {
        var instance = context.NewInstanceOptions();
        var query = new ServiceQueryOptionSet();
        var list = new ListOptionSet(orders, Enum.GetValues<ListFormat>());
        var command = new Command(name, description);
        query.AddTo(command);
        instance.AddTo(command);
        list.AddTo(command);
        command.SetAction((result, token) =>
        {
            var (asked, how) = (query.Read(result), list.Read(result));
            return context.AskAsync(instance.Read(result), how, async view =>
            {
                await answer(view, asked, how, token);
                return ExitCode.Ok;
            }, token);
        });
        return command;
    }
}
