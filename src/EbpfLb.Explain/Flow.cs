using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>A connection that somebody asks about.</summary>
/// <param name="From">Of the family of <paramref name="To"/>.</param>
/// <param name="Path">null: as such a source would go.</param>
/// <param name="IngressInterface">The device that its packets come in by; null: not known.</param>
public sealed record Flow(
    IpAddress From,
    IpAddress To,
    ushort Port,
    TransportProtocol Protocol,
    FlowPath? Path = null,
    string? IngressInterface = null)
{
    public Frontend Destination => new(To, Port, Protocol);

    /// <summary>"10.244.1.7 -> 10.96.0.10:53/UDP".</summary>
    public override string ToString() => $"{From} -> {Destination}";
}

/// <summary>Where a connection is translated.</summary>
public enum FlowPath
{
    /// <summary>Once, by the socket hooks, when a process of this node connects or sends.</summary>
    Socket,

    /// <summary>Packet by packet, at the device that it comes in by.</summary>
    Packet,
}
