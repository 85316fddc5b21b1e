using System.Net;
using EbpfLb.Abi;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>Addresses as the maps hold them.</summary>
internal static class AbiAddress
{
    public static Be32 To4(IPAddress address) => AbiBytes.From<Be32>(address.GetAddressBytes());

    /// <summary>In 16 bytes, IPv4 as v4-mapped.</summary>
    public static Be32x4 To16(IPAddress address) => Be32x4.FromBytes(address.MapToIPv6().GetAddressBytes());

    public static IPAddress From(Be32 address) => new(AbiBytes.Of(address));

    /// <summary>IPv4 where it is v4-mapped.</summary>
    public static IPAddress From(Be32x4 address)
    {
        var parsed = new IPAddress(AbiBytes.Of(address));
        return parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed;
    }

    public static bool Is6(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
}
