using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Doors;

/// <summary>Where packets go that a key is asked for.</summary>
internal static class DoorKeys
{
    public static IpAddress AddressOf(LbFe4 key) => IpAddress.FromBytes(AbiBytes.Of(key.Addr));

    public static IpAddress AddressOf(LbFe6 key) => IpAddress.FromBytes(AbiBytes.Of(key.Addr));

    public static IpAddress AddressOf(LbIp4 key) => IpAddress.FromBytes(AbiBytes.Of(key.Addr));

    public static IpAddress AddressOf(LbIp6 key) => IpAddress.FromBytes(AbiBytes.Of(key.Addr));
}
