using System.Net;

namespace EbpfLb.Testing.Packets;

/// <summary>A protocol that nobody here knows: the payload is all there is.</summary>
/// <param name="Number">As in the IP header.</param>
public sealed record RawTransport(byte Number) : Transport
{
    public override byte Protocol(bool ipv6) => Number;

    internal override byte[] Build(IPEndPoint source, IPEndPoint destination, ReadOnlySpan<byte> payload) => payload.ToArray();
}
