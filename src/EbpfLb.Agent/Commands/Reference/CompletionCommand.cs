using System.CommandLine;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Commands.Reference;

/// <summary>`ebpflb completion SHELL`: what a shell offers, and the manual page, from the commands as they are.</summary>
/// <param name="root">All commands.</param>
internal sealed class CompletionCommand(Func<Command> root, Terminal terminal)
{
    private const string Bash = "bash", Zsh = "zsh", Fish = "fish", Man = "man";

    public Command Create()
    {
        var shell = new Argument<string>("SHELL") { HelpName = $"{Bash}|{Zsh}|{Fish}|{Man}",
            Description = "For which shell; or man for the manual page" };
        shell.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not (Bash or Zsh or Fish or Man) and var other }])
                result.AddError($"'{other}' is no shell that is known; give {Bash}, {Zsh}, {Fish} or {Man}");
        });
        var command = new Command("completion", "Prints the completion of commands and options for a shell") { shell };
        command.SetAction(result =>
        {
            terminal.Out.Write(TextOf(result.GetValue(shell)!));
            return ExitCode.Ok;
        });
        return command;
    }

    private string TextOf(string shell) => shell switch
    {
        Zsh => ZshCompletion.Of(CommandEntry.Of(root())),
        Fish => FishCompletion.Of(CommandEntry.Of(root())),
        Man => ManPage.Of(CommandEntry.Of(root()), HelpExamples.Examples),
        _ => BashCompletion.Text,
    };
}
