using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Kernel;
using EbpfLb.Configuration.Input;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Reasons;
using EbpfLb.Model;

namespace EbpfLb.Agent.Commands.Monitor;

/// <summary>Which drops and traces are shown; null and empty parts: any.</summary>
/// <param name="Reasons">As the metrics write them.</param>
/// <param name="Address">Of the source or the destination; of a trace also of the backend, or in the client's place.</param>
internal sealed record DropFilter(string? Namespace, ServiceQuery? Service, IReadOnlyList<string> Reasons, EndpointFilter? Address)
{
    /// <summary>Those before are not shown; null: all are. By the wall clock of this node, which is that of the agent.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Everything is shown.</summary>
    public bool IsEmpty => this is { Namespace: null, Service: null, Reasons.Count: 0, Address: null, From: null };

    public bool Matches(DropRow drop)
        => (From is not { } from || drop.Time >= from) && (Reasons.Count == 0 || Reasons.Contains(drop.Reason))
            && IsOf(drop.Service, drop.ServiceId) && IsAt(drop.Source, drop.Destination);

    /// <summary>Reasons are those of drops, and say nothing of traces.</summary>
    public bool Matches(TraceRow trace)
        => IsOf(trace.Service, trace.ServiceId) && IsAt(trace.Client, trace.Frontend, trace.Backend, trace.Snat);

    /// <summary>What an agent is asked for.</summary>
    public TraceFilter ToTraceFilter() => new(Namespace, Service?.ToString());

    private bool IsOf(string? service, uint id)
        => (Namespace is null || new ServiceQuery(Namespace).Means(service, id)) && (Service is null || Service.Means(service, id));

    private bool IsAt(params ReadOnlySpan<string?> endpoints)
    {
        if (Address is null) return true;
        foreach (var endpoint in endpoints)
            if (endpoint is not null && IsThere(endpoint)) return true;
        return false;
    }

    /// <summary>"192.0.2.1:40000" or "[2001:db8::1]:53".</summary>
    private bool IsThere(string endpoint)
    {
        var colon = endpoint.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(endpoint.AsSpan(colon + 1), out var port)
            && IpAddress.TryParse(endpoint[..colon].Trim('[', ']'), out var address) && Address!.Matches(new FlowEndpoint(address, port));
    }
}

/// <summary>The options that say which drops and traces are meant.</summary>
internal sealed class DropFilterOptionSet
{
    private readonly Option<string?> within = new("--namespace", "-n") { HelpName = "NAMESPACE",
        Description = "Only of Services in this namespace" };

    private readonly Option<ServiceQuery?> service = CheckedOption.Create<ServiceQuery?>(
        "--service", "NAME", $"Only of this service: {ServiceQuery.Forms}", text => ServiceQuery.Parse(text));

    private readonly Option<string[]> reasons = new("--reason")
    {
        HelpName = "REASON", Description = "Only drops for this reason, such as drop_ct_full; may be given several times",
        Arity = ArgumentArity.OneOrMore, CustomParser = ParseReasons,
    };

    private readonly Option<EndpointFilter?> address = CheckedOption.Create<EndpointFilter?>(
        "--address", "ADDRESS", "Only from or to this address: 192.0.2.1, 192.0.2.0/24, 192.0.2.1:40000 or :40000", EndpointFilter.Parse);

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { within, service, reasons, address }) command.Options.Add(option);
    }

    public DropFilter Read(ParseResult result)
        => new(result.GetValue(within), result.GetValue(service), result.GetValue(reasons) ?? [], result.GetValue(address));

    private static string[] ParseReasons(ArgumentResult result)
    {
        var known = ReasonCatalog.All.Select(r => ReasonName.Of(r.Reason)).ToList();
        foreach (var unknown in result.Tokens.Select(t => t.Value).Where(t => !known.Contains(t)))
            result.AddError($"--reason: '{unknown}' is no reason; " + (NearName.Of(unknown, known) is { } near ? $"did you mean {near}?"
                : "docs/operations/reasons.md lists them"));
        return [.. result.Tokens.Select(t => t.Value)];
    }
}
