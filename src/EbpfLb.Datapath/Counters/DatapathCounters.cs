using EbpfLb.Abi;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Counters;

/// <summary>What a service port has seen since its id was given to it.</summary>
/// <param name="Connections">TCP and connected UDP, begun.</param>
/// <param name="Closed">Of those, ended.</param>
/// <param name="Datagrams">Of unconnected UDP sockets.</param>
/// <param name="Refused">Connections and datagrams refused for want of an endpoint.</param>
public readonly record struct ServiceCounters(ulong Connections, ulong Closed, ulong Datagrams, ulong Refused)
{
    /// <summary>Connections open now.</summary>
    public ulong Active => Connections > Closed ? Connections - Closed : 0;
}

/// <summary>How often something happened, by reason.</summary>
public readonly record struct ReasonCount(LbReason Reason, ulong Count, ulong Bytes);

/// <summary>How full a table is.</summary>
public sealed record MapFill(string Map, long Used, long Capacity)
{
    /// <inheritdoc cref="TableSpec.OptionOf"/>
    public string Option => TableSpec.OptionOf(Map);
}
