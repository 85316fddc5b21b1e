using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Configuration;
using EbpfLb.Configuration.Fields;

namespace EbpfLb.Agent.Commands;

/// <summary>The options of `ebpflb explain` about devices, addresses, ports and masquerading, which are also of `ebpflb run`.</summary>
internal sealed class NodeOptionSet
{
    private readonly IReadOnlyList<ConfigOption> all = ConfigOption.Of(
        ConfigDocument.Both.SelectMany(document => document.Rows).Where(row => row.Use != OptionUse.Agent));

    /// <summary>All, so that the options of an agent can be repeated; the help shows those that matter to a connection.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in all)
        {
            option.Option.Hidden |= option.Row.Use == OptionUse.Node;
            command.Options.Add(option.Option);
        }
        command.AddCheck(result =>
        {
            foreach (var error in ConfigErrors.Of(result, all)) result.AddError(error);
        });
    }

    public bool IsGiven(CommandResult result) => all.Any(o => o.IsGiven(result));

    /// <summary>What was given over the defaults.</summary>
    public LoadedConfig Read(ParseResult result)
        => all.Aggregate(LoadedConfig.Default, (config, option) => option.Apply(result.CommandResult, config));
}
