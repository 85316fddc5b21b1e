using System.CommandLine;
using System.Globalization;
using EbpfLb.Abi;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration.Values;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;

namespace EbpfLb.Agent.Commands;

/// <summary>The options that say which flows are meant.</summary>
internal sealed class FlowQueryOptionSet
{
    private readonly Option<string?> protocol = Word(
        "--protocol", "tcp|udp|sctp", "Only this protocol", text => Choice.Parse<TransportProtocol>(text));
    private readonly Option<string?> client = Word("--client", "ADDRESS",
        "Only of this client: 192.0.2.1, 192.0.2.0/24, 192.0.2.1:40000 or :40000", text => EndpointFilter.Parse(text));
    private readonly Option<string?> frontend = Word(
        "--frontend", "ADDRESS", "Only to this frontend, written as a client", text => EndpointFilter.Parse(text));
    private readonly Option<string?> backend = Word(
        "--backend", "ADDRESS", "Only at this backend, written as a client", text => EndpointFilter.Parse(text));
    private readonly Option<string?> service = Word(
        "--service", "NAME", $"Only of this service: {ServiceQuery.Forms}", text => ServiceQuery.Parse(text));
    private readonly Option<string?> within = new("--namespace", "-n")
    {
        HelpName = "NAMESPACE", Description = "Only of Services in this namespace",
    };
    private readonly Option<string?> phase = Word(
        "--phase", "PHASE", "Only in this phase: new, answered, open, closing, closed or reset", text => Choice.Parse<LbCtPhase>(text));
    private readonly Option<TimeSpan?> idle = CheckedOption.Create<TimeSpan?>(
        "--idle", "TIME", "Only those without a packet for longer than this, such as 10m", text => DurationText.Parse(text));
    private readonly Option<int?> limit = CheckedOption.Create<int?>(
        "--limit", "N", $"Most flows to list (default: {FlowQuery.DefaultLimit})", ParseLimit);

    /// <param name="withLimit">The command lists them.</param>
    public void AddTo(Command command, bool withLimit = false)
    {
        foreach (var option in new Option[] { protocol, client, frontend, backend, service, within, phase, idle })
            command.Options.Add(option);
        if (withLimit) command.Options.Add(limit);
        command.AddCheck(result =>
        {
            try
            {
                _ = ServiceOf(result.GetValue(service), result.GetValue(within));
            }
            catch (FormatException e)
            {
                result.AddError(e.Message);
            }
        });
    }

    public FlowQuery Read(ParseResult result) => new(
        result.GetValue(protocol), result.GetValue(client), result.GetValue(frontend), result.GetValue(backend),
        ServiceOf(result.GetValue(service), result.GetValue(within)), result.GetValue(phase), result.GetValue(idle)?.TotalSeconds,
        result.GetValue(limit) ?? FlowQuery.DefaultLimit);

    /// <exception cref="FormatException">The two name different namespaces.</exception>
    private static string? ServiceOf(string? service, string? within)
        => within is null ? service : ServiceQuery.Parse(service, within).ToString();

    /// <summary>Kept as it was written: the agent reads it again, as it may be of another version.</summary>
    private static Option<string?> Word(string name, string valueName, string description, Func<string, object> check)
        => CheckedOption.Create<string?>(name, valueName, description, text =>
        {
            _ = check(text);
            return text;
        });

    private static int? ParseLimit(string text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
        ? number
        : throw new FormatException($"'{text}' is not a number of flows; give 1 or more");
}
