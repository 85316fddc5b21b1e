using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests.Validation;

/// <summary>
/// The forms of addresses, after ValidateEndpointIP and IsValidCIDR (leading zeros are decimal, as everywhere in Kubernetes).
/// </summary>
internal static class AddressRules
{
    private static readonly IpAddress Broadcast = IpAddress.FromIPv4(uint.MaxValue);

    /// <summary>An address that packets can be sent to; null when it is one.</summary>
    public static string? EndpointAddress(IpAddress address)
    {
        if (address.IsUnspecified) return $"{address} is the unspecified address; give the address of a backend";
        if (address.IsLoopback)
            return $"{address} is a loopback address (127.0.0.0/8, ::1), which an API server refuses; give an address of an interface";
        if (IsLinkLocal(address))
            return $"{address} is link-local (169.254.0.0/16, fe80::/10), which an API server refuses; give a routable address";
        if (IsLinkLocalMulticast(address))
            return $"{address} is link-local multicast (224.0.0.0/24, ff02::/16); give the address of a backend";
        return null;
    }

    /// <summary>
    /// An address of a Service that clients may connect to; null when it is one. Sockets of every pod are translated: 127.0.0.1 is each
    /// pod's own, 169.254.169.254 a cloud's metadata. The API server refuses most of these as an external IP, and none in a status.
    /// </summary>
    public static string? ServiceAddress(IpAddress address)
    {
        var what = address.IsUnspecified ? "the unspecified address"
            : address.IsLoopback ? "a loopback address (127.0.0.0/8, ::1)"
            : IsLinkLocal(address) ? "link-local (169.254.0.0/16, fe80::/10)"
            : IsMulticast(address) ? "a multicast address (224.0.0.0/4, ff00::/8)"
            : address == Broadcast ? "the broadcast address" : null;
        return what is null ? null : $"{what}; give an address that clients can use";
    }

    /// <summary>address/prefix length, without blanks.</summary>
    public static bool IsCidr(ReadOnlySpan<char> text) => text.Trim().Length == text.Length && SourceRange.TryParse(text, out _);

    private static bool IsLinkLocal(IpAddress address)
    {
        if (address.Family == IpFamily.IPv4) return address.ToIPv4() >> 16 == 0xa9fe;
        Span<byte> bytes = stackalloc byte[16];
        address.WriteBytes(bytes);
        return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
    }

    private static bool IsMulticast(IpAddress address)
    {
        if (address.Family == IpFamily.IPv4) return address.ToIPv4() >> 28 == 0xe;
        Span<byte> bytes = stackalloc byte[16];
        address.WriteBytes(bytes);
        return bytes[0] == 0xff;
    }

    private static bool IsLinkLocalMulticast(IpAddress address)
    {
        if (address.Family == IpFamily.IPv4) return address.ToIPv4() >> 8 == 0xe00000;
        Span<byte> bytes = stackalloc byte[16];
        address.WriteBytes(bytes);
        return bytes[0] == 0xff && (bytes[1] & 0x0f) == 0x02;
    }
}
