using EbpfLb.Abi;
using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration.Input;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Control;

/// <summary>From the words of a query to the filter it means.</summary>
internal static class FlowQueryReader
{
    /// <param name="names">Read only where a Service is named.</param>
    /// <exception cref="FormatException">A word is not understood.</exception>
    /// <exception cref="UnknownServiceException">A word names no service.</exception>
    public static FlowFilter ToFilter(FlowQuery query, IServiceNames names) => new()
    {
        Protocol = query.Protocol is { } protocol ? Choice.Parse<TransportProtocol>(protocol) : null,
        Client = Endpoint(query.Client),
        Frontend = Endpoint(query.Frontend),
        Backend = Endpoint(query.Backend),
        ServiceIds = query.Service is { } service ? Ids(service, names) : null,
        Phase = query.Phase is { } phase ? Choice.Parse<LbCtPhase>(phase) : null,
        IdleLongerThan = query.IdleSeconds is { } idle ? TimeSpan.FromSeconds(idle) : null,
    };

    private static EndpointFilter? Endpoint(string? text) => text is null ? null : EndpointFilter.Parse(text);

    private static HashSet<uint> Ids(string text, IServiceNames names)
    {
        var service = ServiceQuery.Parse(text);
        if (service.Id is { } id) return [id];
        if (names.Unknown is { } why) throw new UnknownServiceException($"'{text}' cannot be looked up, as {why}");
        var ports = names.Read();
        var ids = ports.Where(p => IsOf(p.Value, service)).Select(p => p.Key).ToHashSet();
        if (ids.Count > 0) return ids;
        var near = NearName.Of(
            text, ports.Values.SelectMany(p => new[] { p.Service.Name, p.Service.ToString(), PortName.Of(p) }).Distinct());
        throw new UnknownServiceException($"no service port '{text}' is programmed; "
            + $"{(near is null ? $"give {ServiceQuery.Forms} as `ebpflb services` shows them" : $"did you mean '{near}'?")}");
    }

    private static bool IsOf(ServicePortKey port, ServiceQuery service)
        => (service.Namespace is null || service.Namespace == port.Service.Namespace)
            && (service.Name is null || service.Name == port.Service.Name) && (service.Port is null || service.Port == port.PortName);
}
