using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Datapath.DestinationFilters;

/// <summary>Where packets go that a key is asked for.</summary>
internal static class FilterKeys
{
    public static IpAddress AddressOf(LbFrontend4 key) => IpAddress.FromBytes(AbiBytes.Of(key.Addr));

    public static IpAddress AddressOf(LbFrontend6 key) => IpAddress.FromBytes(AbiBytes.Of(key.Addr));

    public static IpAddress AddressOf(LbIp4 key) => IpAddress.FromBytes(AbiBytes.Of(key.Addr));

    public static IpAddress AddressOf(LbIp6 key) => IpAddress.FromBytes(AbiBytes.Of(key.Addr));
}
