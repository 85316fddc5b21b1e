using EbpfLb.Model;

namespace EbpfLb.Policy.Explaining;

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
    /// <summary>"10.244.1.7 -> 10.96.0.10:53/UDP".</summary>
    public override string ToString() => $"{From} -> {new Frontend(To, Port, Protocol)}";
}
