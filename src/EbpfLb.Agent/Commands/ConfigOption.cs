using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Fields;

namespace EbpfLb.Agent.Commands;

/// <summary>
/// An option that stands for a field of one of the configurations; what has no meaning here is accepted and not in the help.
/// </summary>
internal sealed class ConfigOption
{
    /// <param name="name">That of the row.</param>
    private ConfigOption(FieldRow row, string name)
    {
        Row = row;
        // A switch without a value is true; others may be given again: the last one counts, or all of a list.
        Option = new Option<string[]>(name)
        {
            HelpName = row.ValueName ?? "true|false", Description = row.Help, Hidden = !row.Note.HasMeaning,
            Arity = row.ValueName is null ? ArgumentArity.ZeroOrOne : ArgumentArity.OneOrMore,
            CustomParser = result => [.. result.Tokens.Select(t => t.Value)],
        };
        foreach (var alias in row.Aliases) Option.Aliases.Add(alias);
    }

    public FieldRow Row { get; }

    public Option<string[]> Option { get; }

    public string Name => Option.Name;

    /// <summary>The options of the rows that have one.</summary>
    public static IReadOnlyList<ConfigOption> Of(IEnumerable<FieldRow> rows)
        => [.. rows.SelectMany(row => row.Note.Option is { } name ? [new ConfigOption(row, name)] : Array.Empty<ConfigOption>())];

    public bool IsGiven(SymbolResult result) => result.GetResult(Option) is { Implicit: false };

    /// <summary>The configuration with what was given, or as it is.</summary>
    /// <exception cref="FormatException">The text has not the form.</exception>
    public LoadedConfig Apply(SymbolResult result, LoadedConfig config)
    {
        if (result.GetResult(Option) is not { Implicit: false } given) return config;
        // That its value is missing is said elsewhere.
        if (given.Tokens.Count == 0 && Row.ValueName is not null) return config;
        return Row.Apply(config, given.Tokens.Count == 0 ? ["true"] : [.. given.Tokens.Select(t => t.Value)]);
    }
}
