using System.Net;

namespace EbpfLb.Testing.Packets;

/// <summary>What an IP packet carries: one record per protocol.</summary>
public abstract record Transport
{
    /// <summary>Added to the checksum after it was computed: a packet that is wrong on purpose. 0: right.</summary>
    public ushort Wrongness { get; init; }

    /// <summary>The number in the IP header.</summary>
    public abstract byte Protocol(bool ipv6);

    /// <summary>The header and what follows it, with its checksum.</summary>
    internal abstract byte[] Build(IPEndPoint source, IPEndPoint destination, ReadOnlySpan<byte> payload);

    internal static bool IsIpv6(IPEndPoint end) => end.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;

    private protected ushort Checksum(IPEndPoint source, IPEndPoint destination, ReadOnlySpan<byte> segment)
    {
        var pseudo = InternetChecksum.PseudoHeader(source.Address, destination.Address, Protocol(IsIpv6(source)), segment.Length);
        return InternetChecksum.Finish(InternetChecksum.Sum(segment, pseudo));
    }
}
