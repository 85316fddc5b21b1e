using System.CommandLine;
using System.CommandLine.Parsing;

namespace EbpfLb.Agent.Commands;

/// <summary>What has to hold of several options of a command together.</summary>
internal static class CommandChecks
{
    /// <summary>
    /// Adds a check that reads values. System.CommandLine asks checks of a command before those of its options, and reading a value that
    /// has not its form throws: the check ends there, as the option reports that itself. Any other error of a check is one.
    /// </summary>
    public static void AddCheck(this Command command, Action<CommandResult> check) => command.Validators.Add(result =>
    {
        try
        {
            check(result);
        }
        catch (InvalidOperationException) when (result.Children.Any(child => child.Errors.Any()))
        {
            // The option or argument has noted the error when it was read.
        }
    });
}
