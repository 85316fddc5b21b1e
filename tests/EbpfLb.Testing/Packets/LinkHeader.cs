using System.Buffers.Binary;
using System.Net.NetworkInformation;

namespace EbpfLb.Testing.Packets;

/// <summary>An Ethernet header, with a VLAN tag when <see cref="VlanTag"/> is set.</summary>
public sealed record LinkHeader(PhysicalAddress Source, PhysicalAddress Destination)
{
    public static readonly LinkHeader Default = new(PhysicalAddress.Parse("02-00-00-00-00-0A"), PhysicalAddress.Parse("02-00-00-00-00-0B"));

    /// <summary>Priority and VLAN id as on the wire (TCI).</summary>
    public ushort? VlanTag { get; init; }

    /// <summary>0x8100, or 0x88a8 for a service tag.</summary>
    public ushort VlanProtocol { get; init; } = 0x8100;

    /// <summary>The same link, the other way.</summary>
    public LinkHeader Reversed => this with { Source = Destination, Destination = Source };

    internal byte[] Build(bool ipv6)
    {
        byte[] bytes = [.. Destination.GetAddressBytes(), .. Source.GetAddressBytes(), .. new byte[VlanTag is null ? 2 : 6]];
        if (VlanTag is { } tag)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(12), VlanProtocol);
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(14), tag);
        }
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(bytes.Length - 2), (ushort)(ipv6 ? 0x86dd : 0x0800));
        return bytes;
    }
}
