using System.CommandLine;
using System.CommandLine.Parsing;

namespace EbpfLb.Agent.Commands;

/// <summary>What has to hold of several options of a command together.</summary>
internal static class CommandChecks
{
    /// <summary>
    /// Adds a check that reads values. Where one of them is missing or has not its form the check ends there: that is reported in any
    /// case, by the option itself, and reading such a value throws.
    /// </summary>
    public static void AddCheck(this Command command, Action<CommandResult> check) => command.Validators.Add(result =>
    {
        try
        {
            check(result);
        }
        catch (InvalidOperationException)
        {
            // System.CommandLine's way of saying that the value could not be read.
        }
    });
}
