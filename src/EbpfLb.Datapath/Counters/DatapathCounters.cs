using EbpfLb.Abi;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Counters;

/// <summary>Packets that the programs at the devices sent on, with the bytes from their IP headers on.</summary>
/// <param name="PacketsIn">From clients to backends.</param>
/// <param name="PacketsOut">Replies that came by this node.</param>
public readonly record struct Traffic(ulong PacketsIn, ulong BytesIn, ulong PacketsOut, ulong BytesOut);

/// <summary>What a service port has seen since its id was given to it.</summary>
/// <param name="Connections">TCP and connected UDP, begun.</param>
/// <param name="Closed">Of those, ended.</param>
/// <param name="Datagrams">Of unconnected UDP sockets.</param>
/// <param name="Refused">Connections and datagrams refused for want of an endpoint.</param>
public readonly record struct ServiceCounters(ulong Connections, ulong Closed, ulong Datagrams, ulong Refused)
{
    /// <summary>Connections open now.</summary>
    public ulong Active => Connections > Closed ? Connections - Closed : 0;

    /// <summary>null: not counted.</summary>
    public Traffic? Traffic { get; init; }
}

/// <summary>What a backend of a service port has seen since it is one, on this node.</summary>
/// <param name="Weight">0: nothing new goes to it.</param>
/// <param name="Connections">TCP, connected UDP and flows of clients outside, begun; counts to 4,294,967,295 and on from 0.</param>
/// <param name="Open">Of those, open now.</param>
public readonly record struct BackendCounters(BackendAddress Address, ushort Weight, uint Connections, uint Open)
{
    /// <summary>null: not counted.</summary>
    public Traffic? Traffic { get; init; }

    internal static BackendCounters Of(BackendAddress address, ushort weight, LbLoad load, Traffic? traffic)
        => new(address, weight, load.Begun, load.Active) { Traffic = traffic };
}

/// <summary>How often something happened, by reason.</summary>
public readonly record struct ReasonCount(LbReason Reason, ulong Count, ulong Bytes);

/// <summary>How full a table is.</summary>
public sealed record MapFill(string Map, long Used, long Capacity)
{
    /// <inheritdoc cref="TableSpec.OptionOf"/>
    public string Option => TableSpec.OptionOf(Map);
}

/// <summary>Counters of a service port that is programmed.</summary>
/// <param name="Id">The id that stands for the service port in all maps.</param>
/// <param name="Connections">TCP and connected UDP, begun.</param>
/// <param name="Active">Of those, open now.</param>
public sealed record PortCounters(uint Id, ulong Connections, ulong Active, ulong Datagrams, ulong Refused)
{
    /// <summary>null: not counted.</summary>
    public Traffic? Traffic { get; init; }
}
