using System.Net;

namespace EbpfLb.Netlink.Network;

/// <summary>RT_SCOPE_... of linux/rtnetlink.h: how far an address means something.</summary>
public enum AddressScope : byte
{
    /// <summary>RT_SCOPE_UNIVERSE.</summary>
    Global = 0,

    /// <summary>RT_SCOPE_SITE.</summary>
    Site = 200,

    /// <summary>RT_SCOPE_LINK.</summary>
    Link = 253,

    /// <summary>RT_SCOPE_HOST.</summary>
    Host = 254,
}

/// <summary>IFA_F_... of linux/if_addr.h.</summary>
[Flags]
public enum AddressFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>IPv4: another address of the same subnet was there before. IPv6: a temporary (privacy) address.</summary>
    Secondary = 0x01,

    /// <summary>No duplicate address detection.</summary>
    NoDad = 0x02,

    /// <summary>May be used while duplicate address detection still runs (RFC 4429).</summary>
    Optimistic = 0x04,

    /// <summary>Duplicate address detection found another owner.</summary>
    DadFailed = 0x08,

    /// <summary>Valid, but no new connection shall use it.</summary>
    Deprecated = 0x20,

    /// <summary>Duplicate address detection still runs.</summary>
    Tentative = 0x40,

    /// <summary>Set by hand, without a life time.</summary>
    Permanent = 0x80,
}

/// <summary>An address of a device.</summary>
/// <param name="LinkIndex">The device.</param>
/// <param name="Local">The address itself.</param>
/// <param name="PrefixLength">Bits of the subnet, of <paramref name="Peer"/> where there is one.</param>
/// <param name="Scope">How far it means something.</param>
/// <param name="Flags">Deprecated, tentative ...</param>
/// <param name="Peer">The other end of a point-to-point address; null: none.</param>
public sealed record Address(int LinkIndex, IPAddress Local, int PrefixLength, AddressScope Scope, AddressFlags Flags, IPAddress? Peer)
{
    /// <summary>Whether an address lies in the subnet that this one spans.</summary>
    public bool SpansSubnetOf(IPAddress other)
        => other.AddressFamily == Local.AddressFamily && new IPNetwork(Masked(Peer ?? Local, PrefixLength), PrefixLength).Contains(other);

    private static IPAddress Masked(IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefixLength; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPAddress(bytes);
    }
}
