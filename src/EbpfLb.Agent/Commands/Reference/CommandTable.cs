using System.CommandLine;
using System.CommandLine.Help;

namespace EbpfLb.Agent.Commands.Reference;

/// <summary>All commands with their options as plain values: what completions and the manual page are made of.</summary>
/// <param name="Path">"conntrack list"; "" for the program itself.</param>
/// <param name="Arguments">As the synopsis writes them: "[SERVICE]".</param>
internal sealed record CommandEntry(
    string Path, string Description, IReadOnlyList<ArgumentEntry> Arguments, IReadOnlyList<OptionEntry> Options,
    IReadOnlyList<CommandEntry> Commands)
{
    /// <summary>The last word of the path.</summary>
    public string Name => Path.Split(' ')[^1];

    /// <summary>This one and all below.</summary>
    public IEnumerable<CommandEntry> All => Commands.SelectMany(c => c.All).Prepend(this);

    public static CommandEntry Of(Command command, string path = "") => new(
        path, command.Description ?? "",
        [.. command.Arguments.Where(a => !a.Hidden).Select(ArgumentEntry.Of)],
        [.. command.Options.Where(o => !o.Hidden && o is not (HelpOption or VersionOption)).Select(OptionEntry.Of)],
        [.. command.Subcommands.Where(c => !c.Hidden).Select(c => Of(c, path.Length == 0 ? c.Name : $"{path} {c.Name}"))]);
}

/// <param name="Values">Those that there are; empty: any.</param>
internal sealed record ArgumentEntry(string Name, string Description, bool IsOptional, IReadOnlyList<string> Values)
{
    public bool IsFile => OptionEntry.IsFileName(Name);

    public static ArgumentEntry Of(Argument argument) => new(
        argument.HelpName ?? argument.Name, argument.Description ?? "", argument.Arity.MinimumNumberOfValues == 0,
        OptionEntry.ValuesOf(argument.HelpName));
}

/// <param name="Names">The long one first, each with its dashes.</param>
/// <param name="ValueName">"DIR", "table|json"; null: it is a switch.</param>
/// <param name="Values">Those that there are; empty: any.</param>
internal sealed record OptionEntry(IReadOnlyList<string> Names, string? ValueName, string Description, IReadOnlyList<string> Values)
{
    public bool IsFile => IsFileName(ValueName);

    public static OptionEntry Of(Option option) => new(
        [option.Name, .. option.Aliases.Except([option.Name]).Order(StringComparer.Ordinal)],
        option.ValueType == typeof(bool) ? null : option.HelpName ?? "VALUE", option.Description ?? "", ValuesOf(option.HelpName));

    /// <summary>"tcp|udp" are two, "ADDRESS" none; of "table|jsonpath=TEMPLATE" the second is "jsonpath=".</summary>
    public static IReadOnlyList<string> ValuesOf(string? valueName)
    {
        if (valueName is null || !valueName.Contains('|')) return [];
        var values = valueName.Split('|').Select(v => v.Contains('=') ? v[..(v.IndexOf('=') + 1)] : v).ToList();
        return values.TrueForAll(v => v.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '=')) ? values : [];
    }

    public static bool IsFileName(string? valueName) => valueName is "FILE" or "DIR" or "PATH";
}
