using System.CommandLine;
using System.CommandLine.Parsing;

namespace EbpfLb.Agent.Commands.Lists;

/// <summary>What kubectl has for lists: other forms, an order, and watching.</summary>
/// <param name="orders">Columns to sort by, the first of which needs no option; empty: there is no choice.</param>
/// <param name="forms">Of <see cref="ListFormat"/>, those that this list has.</param>
internal sealed class ListOptionSet(IReadOnlyList<string> orders, params IReadOnlyList<ListFormat> forms)
{
    private readonly RepeatOptionSet repeat = new(hasOnce: false);

    private readonly Option<bool> watch = new("--watch", "-w") { Description = "Answer again and again, until interrupted" };

    private readonly OutputOptionSet output = new(forms);

    private readonly Option<string?>? order = orders.Count > 0 ? OrderOption.Create(orders) : null;

    public void AddTo(Command command)
    {
        if (order is not null) command.Options.Add(order);
        command.Options.Add(watch);
        repeat.AddTo(command);
        output.AddTo(command);
        command.AddCheck(result =>
        {
            if (repeat.IsGiven(result) && !IsWatching(result))
                result.AddError("--interval and --count are for --watch: add it");
        });
    }

    public bool IsWatching(CommandResult result) => result.GetResult(watch) is { Implicit: false };

    public ListView Read(ParseResult result) => new(
        output.Read(result), order is null ? null : result.GetValue(order), result.GetValue(watch) ? repeat.Read(result) : null);
}

/// <summary>How a list is shown.</summary>
/// <param name="Order">One of those that the list has; null: its first.</param>
/// <param name="Watch">null: one answer.</param>
internal sealed record ListView(OutputView Output, string? Order, Repetition? Watch) : OutputView(Output);

/// <summary>What `-o` chooses.</summary>
internal enum ListFormat
{
    Table,

    /// <summary>With columns that are seldom of interest.</summary>
    Wide,
    Json,
    Yaml,

    /// <summary>Names alone, one a line.</summary>
    Name,

    /// <summary>What a template says, see <see cref="Output.JsonPaths.JsonPath"/>.</summary>
    JsonPath,
}
