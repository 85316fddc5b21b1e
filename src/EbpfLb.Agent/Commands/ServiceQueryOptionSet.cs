using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Agent.Control;

namespace EbpfLb.Agent.Commands;

/// <summary>Which Services a command shows: a name, and kubectl's options for namespaces.</summary>
/// <param name="hasShort">-n is the namespace.</param>
internal sealed class ServiceQueryOptionSet(bool hasShort = true)
{
    private readonly Argument<string?> service = new("SERVICE")
    {
        Description = $"Only of this one: {ServiceQuery.Forms}, as the column NAME shows it (default: all)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> within
        = new("--namespace", hasShort ? ["-n"] : []) { HelpName = "NAMESPACE", Description = "Only of this namespace (default: all)" };

    private readonly Option<bool> all = new("--all-namespaces", "-A") { Description = "Of all namespaces, which is the default" };

    public void AddTo(Command command)
    {
        command.Arguments.Add(service);
        command.Options.Add(within);
        command.Options.Add(all);
        command.AddCheck(Check);
    }

    public ServiceQuery Read(ParseResult result) => ServiceQuery.Parse(result.GetValue(service), result.GetValue(within));

    private void Check(CommandResult result)
    {
        if (result.GetValue(all) && result.GetValue(within) is not null)
            result.AddError("--namespace and --all-namespaces exclude each other");
        try
        {
            _ = ServiceQuery.Parse(result.GetValue(service), result.GetValue(within));
        }
        catch (FormatException e)
        {
            result.AddError(e.Message);
        }
    }
}
