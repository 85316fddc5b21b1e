using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Configuration.Input;

namespace EbpfLb.Agent.Commands;

/// <summary>What is wrong with a command line, and what was meant where that can be guessed.</summary>
internal static class UsageErrors
{
    public static IEnumerable<string> Of(ParseResult result)
    {
        var command = result.CommandResult.Command;
        // Where a command is missing, what stands in its place is the fault; the parser tells of both.
        if (command.Subcommands.Count > 0 && result.UnmatchedTokens is [var first, ..])
        {
            var commands = command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name).ToList();
            var all = string.Join(", ", commands);
            // An option of theirs may stand in front of one by mistake.
            return first.StartsWith('-')
                ? [$"'{first}' is no option here; {Near(first, Options(command)) ?? $"give a command first, one of {all}"}"]
                : [$"'{first}' is no command; {Near(first, commands) ?? $"give one of {all}"}"];
        }
        // A misspelt option is taken for an argument where the command has one.
        var values = result.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value);
        var valueless = Valueless(result).ToList();
        return valueless.Select(o
                => $"{o.IdentifierToken?.Value ?? o.Option.Name}: the value is missing; give {o.Option.HelpName ?? "one"}")
            .Concat(result.Errors.Where(e => !valueless.Contains(e.SymbolResult)).Select(e => e.Message))
            .Concat(result.UnmatchedTokens.Concat(values)
                .Where(t => t.StartsWith('-')).Select(t => Near(t, Options(command))).OfType<string>())
            .Distinct(StringComparer.Ordinal);
    }

    /// <summary>The parser tells of these only where nothing else is wrong.</summary>
    private static IEnumerable<OptionResult> Valueless(ParseResult result) => result.CommandResult.Children.OfType<OptionResult>()
        .Where(o => !o.Implicit && o.Tokens.Count == 0 && o.Option.Arity.MinimumNumberOfValues > 0);

    private static string? Near(string given, IReadOnlyList<string> names)
        => NearName.Of(Name(given), names) is { } near ? $"did you mean {near}?" : null;

    /// <summary>"--name" of "--name=value".</summary>
    private static string Name(string token) => token.Split('=')[0];

    private static List<string> Options(Command command) => [.. command.Options.Where(o => !o.Hidden).Select(o => o.Name)];
}
