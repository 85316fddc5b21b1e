using System.CommandLine;
using System.CommandLine.Parsing;

namespace EbpfLb.Agent.Commands;

/// <summary>Options whose values are checked with messages of our own; all that is wrong is reported together.</summary>
internal static class CheckedOption
{
    /// <param name="parse">Throws <see cref="FormatException"/> with a message for people.</param>
    public static Option<T> Create<T>(string name, string valueName, string description, Func<string, T> parse)
        => new(name)
        {
            HelpName = valueName,
            Description = description,
            CustomParser = result => Parse(result, name, parse),
        };

    /// <summary>The same for an option that may stand without a value.</summary>
    /// <param name="bare">Its value then.</param>
    public static Option<T> CreateBare<T>(string name, string valueName, string description, T bare, Func<string, T> parse)
        => new(name)
        {
            HelpName = valueName,
            Description = description,
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = result => result.Tokens.Count == 0 ? bare : Parse(result, name, parse),
        };

    public static Option<uint?> Entries(string name, string description) => Create<uint?>(name, "N", description, text
        => uint.TryParse(text, out var number) && number > 0
            ? number
            : throw new FormatException($"'{text}' is not a number of map entries; give 1 or more"));

    private static T? Parse<T>(ArgumentResult result, string name, Func<string, T> parse)
    {
        try
        {
            return parse(result.Tokens[^1].Value);
        }
        catch (FormatException e)
        {
            result.AddError($"{name}: {e.Message}");
            return default;
        }
    }
}
