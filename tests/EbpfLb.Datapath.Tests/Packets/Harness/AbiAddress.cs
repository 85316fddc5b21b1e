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

    /// <summary>One place of the ranges of pods.</summary>
    public static void SetPods(ref LbSettings settings, int place, string range4, string range6)
    {
        var (four, six) = (IPNetwork.Parse(range4), IPNetwork.Parse(range6));
        settings.Pods4[place] = To4(four.BaseAddress);
        settings.Pods4Mask[place] = To4(Mask(4, four.PrefixLength));
        settings.Pods6[place] = To16(six.BaseAddress);
        settings.Pods6Mask[place] = To16(Mask(16, six.PrefixLength));
    }

    private static IPAddress Mask(int bytes, int length)
    {
        var mask = new byte[bytes];
        for (var bit = 0; bit < length; bit++) mask[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return new IPAddress(mask);
    }

    public static bool Is6(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
}
