using System.CommandLine;

namespace EbpfLb.Agent.Commands.Monitor;

/// <summary>What `ebpflb monitor` tells of.</summary>
internal enum MonitorType
{
    /// <summary>Dropped packets.</summary>
    Drop,

    /// <summary>Flows that begin and end.</summary>
    Trace,

    /// <summary>Changes of the agent's state.</summary>
    State,
}

/// <summary>The option --type.</summary>
internal static class MonitorTypes
{
    private static readonly string[] Names = [.. Enum.GetNames<MonitorType>().Select(n => n.ToLowerInvariant())];

    public static Option<string[]> CreateOption() => new("--type", "-t")
    {
        HelpName = string.Join('|', Names), Arity = ArgumentArity.OneOrMore,
        Description = "What to show, several with commas (default: drop,state; with a filter only drop)",
        CustomParser = result =>
        {
            var asked = result.Tokens.SelectMany(t => t.Value.Split(',')).ToArray();
            foreach (var unknown in asked.Except(Names))
                result.AddError($"--type: '{unknown}' is not one of {string.Join(", ", Names)}");
            return asked;
        },
    };

    /// <param name="asked">null: nothing.</param>
    public static IReadOnlySet<MonitorType> Of(string[]? asked, DropFilter filter)
        => asked is { Length: > 0 } ? asked.Select(name => Enum.Parse<MonitorType>(name, ignoreCase: true)).ToHashSet()
            : filter.IsEmpty ? new HashSet<MonitorType> { MonitorType.Drop, MonitorType.State }
            : new HashSet<MonitorType> { MonitorType.Drop };
}
