using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>Parts of a flow as people write them.</summary>
public static class FlowText
{
    /// <param name="path">null: as such a source would go.</param>
    /// <param name="ingress">The device that its packets come in by; null: not known.</param>
    /// <exception cref="FormatException">A part of it is not understood, or the addresses are of two families.</exception>
    public static Flow Parse(string source, string destination, string? path, string? ingress)
    {
        var (from, (to, port, protocol)) = (ParseAddress(source), ParseTo(destination));
        return from.Family == to.Family
            ? new Flow(from, to, port, protocol, path is null ? null : ParsePath(path), ingress)
            : throw new FormatException($"{to} is {to.Family} and {from} {from.Family}; give two addresses of one family");
    }

    /// <summary>Reads "10.96.0.10:53/UDP", "[fd00::10]:53" (TCP).</summary>
    /// <exception cref="FormatException">Not such a destination.</exception>
    public static (IpAddress Address, ushort Port, TransportProtocol Protocol) ParseTo(string text)
    {
        var slash = text.LastIndexOf('/');
        var protocol = slash < 0 ? TransportProtocol.Tcp : ParseProtocol(text[(slash + 1)..]);
        var endpoint = slash < 0 ? text : text[..slash];
        var colon = endpoint.LastIndexOf(':');
        var host = colon < 0 ? "" : endpoint[..colon];
        var isBracketed = host is ['[', .., ']'];
        if (isBracketed) host = host[1..^1];
        return colon >= 0 && (isBracketed || !host.Contains(':')) && IpAddress.TryParse(host, out var address)
            && ushort.TryParse(endpoint[(colon + 1)..], out var port) && port > 0
            ? (address, port, protocol)
            : throw new FormatException($"'{text}' is not a destination; give one such as 10.96.0.10:53/UDP or [fd00::10]:53");
    }

    /// <exception cref="FormatException">Not an address.</exception>
    public static IpAddress ParseAddress(string text) => IpAddress.TryParse(text, out var address) ? address
        : throw new FormatException($"'{text}' is not an IP address; give one such as 10.244.1.7 or fd00::7");

    /// <exception cref="FormatException">None that Services have.</exception>
    public static TransportProtocol ParseProtocol(string text) => text.ToUpperInvariant() switch
    {
        "TCP" => TransportProtocol.Tcp,
        "UDP" => TransportProtocol.Udp,
        "SCTP" => TransportProtocol.Sctp,
        _ => throw new FormatException($"'{text}' is not a protocol; give TCP, UDP or SCTP"),
    };

    /// <exception cref="FormatException">Neither.</exception>
    public static FlowPath ParsePath(string text) => text switch
    {
        "socket" => FlowPath.Socket,
        "packet" => FlowPath.Packet,
        _ => throw new FormatException($"'{text}' is not a path; give socket or packet, or leave it out"),
    };
}
