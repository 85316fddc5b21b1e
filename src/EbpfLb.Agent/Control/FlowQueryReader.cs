using EbpfLb.Agent.Commands;
using EbpfLb.Agent.Flows;
using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Control;

/// <summary>From the words of a query to the filter it means.</summary>
internal static class FlowQueryReader
{
    /// <param name="ports">Service ports by id; empty when names are not known.</param>
    /// <exception cref="FormatException">A word is not understood, or names no service.</exception>
    public static FlowFilter ToFilter(FlowQuery query, IReadOnlyDictionary<uint, ServicePortKey> ports) => new()
    {
        Protocol = query.Protocol is { } protocol ? Choice.Parse<TransportProtocol>(protocol) : null,
        Client = Endpoint(query.Client),
        Frontend = Endpoint(query.Frontend),
        Backend = Endpoint(query.Backend),
        ServiceIds = query.Service is { } service ? Ids(service, ports) : null,
        Phase = query.Phase is { } phase ? Choice.Parse<LbCtPhase>(phase) : null,
        IdleLongerThan = query.IdleSeconds is { } idle ? TimeSpan.FromSeconds(idle) : null,
    };

    private static EndpointFilter? Endpoint(string? text) => text is null ? null : EndpointFilter.Parse(text);

    private static HashSet<uint> Ids(string service, IReadOnlyDictionary<uint, ServicePortKey> ports)
    {
        if (service.StartsWith('#') && uint.TryParse(service.AsSpan(1), out var id)) return [id];
        if (ports.Count == 0)
            throw new FormatException($"'{service}' cannot be looked up, as no agent answers and the maps hold no names: give #ID, which `ebpflb services` shows");
        var ids = ports.Where(p => IsOf(p.Value, service)).Select(p => p.Key).ToHashSet();
        return ids.Count > 0
            ? ids
            : throw new FormatException($"no service port '{service}' is programmed; give NAMESPACE/NAME, NAMESPACE/NAME:PORT or #ID as `ebpflb services` shows them");
    }

    private static bool IsOf(ServicePortKey port, string service) => service == port.Service.ToString() || service == PortName.Of(port);
}
