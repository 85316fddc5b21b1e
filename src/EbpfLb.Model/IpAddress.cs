using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace EbpfLb.Model;

/// <summary>The two address families; a Service has one data set per family (docs/contract.md 2).</summary>
public enum IpFamily : byte
{
    IPv4 = 4,
    IPv6 = 6,
}

/// <summary>
/// An IPv4 or IPv6 address in 16 bytes without a heap object: a cluster's state holds hundreds of thousands.
/// IPv4 is kept in its v4-mapped form (::ffff:a.b.c.d), which is also its form in the BPF maps.
/// </summary>
public readonly record struct IpAddress : IComparable<IpAddress>
{
    private const ulong MappedPrefix = 0xffff_0000_0000;
    private readonly ulong high;
    private readonly ulong low;

    private IpAddress(ulong high, ulong low)
    {
        this.high = high;
        this.low = low;
    }

    /// <summary>The family; an IPv4-mapped IPv6 address is IPv4.</summary>
    public IpFamily Family => high == 0 && low >> 32 == 0xffff ? IpFamily.IPv4 : IpFamily.IPv6;

    public bool IsLoopback => Family == IpFamily.IPv4 ? (low >> 24 & 0xff) == 127 : high == 0 && low == 1;

    /// <summary>0.0.0.0 or ::.</summary>
    public bool IsUnspecified => high == 0 && (low == 0 || low == MappedPrefix);

    /// <summary>0.0.0.0 or ::, the address that stands for all of a family.</summary>
    public static IpAddress Any(IpFamily family) => family == IpFamily.IPv4 ? FromIPv4(0) : default;

    /// <summary>Makes an IPv4 address from its 32 bits, most significant octet first (host order).</summary>
    public static IpAddress FromIPv4(uint hostOrder) => new(0, MappedPrefix | hostOrder);

    /// <summary>Makes an address from 4 (IPv4) or 16 (IPv6, or v4-mapped) bytes in network order.</summary>
    /// <exception cref="ArgumentException">Another length.</exception>
    public static IpAddress FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        4 => FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes)),
        16 => new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..])),
        _ => throw new ArgumentException($"an IP address has 4 or 16 bytes, not {bytes.Length}", nameof(bytes)),
    };

    public static IpAddress From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return FromBytes(bytes[..length]);
    }

    /// <summary>
    /// Reads an address as Kubernetes does: IPv4 must be four decimal octets, and leading zeros are decimal, never
    /// octal (docs/contract.md 1, CVE-2021-29923). IPAddress.Parse would read octal and accept "1.2".
    /// Zones (fe80::1%eth0) and brackets are refused.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IpAddress address)
    {
        address = default;
        if (!text.Contains(':'))
        {
            if (!TryParseIPv4(text, out var v4)) return false;
            address = FromIPv4(v4);
            return true;
        }
        if (text.Contains('.'))
        {
            // The last 32 bits as those of an IPv4 address, by the same rules.
            var tail = text.LastIndexOf(':') + 1;
            if (!TryParseIPv4(text[tail..], out var last)) return false;
            text = $"{text[..tail]}{last >> 16:x}:{last & 0xffff:x}";
        }
        if (text.ContainsAny('%', '[', '/') || !IPAddress.TryParse(text, out var parsed)
            || parsed.AddressFamily != AddressFamily.InterNetworkV6) return false;
        address = From(parsed);
        return true;
    }

    /// <summary>Parses, for literals in code and tests.</summary>
    /// <exception cref="FormatException">Not an address.</exception>
    public static IpAddress Parse(string text) => TryParse(text, out var address)
        ? address
        : throw new FormatException($"'{text}' is not an IP address");

    private static bool TryParseIPv4(ReadOnlySpan<char> text, out uint value)
    {
        value = 0;
        var octets = 0;
        foreach (var range in text.Split('.'))
        {
            var part = text[range];
            var octet = 0;
            if (part.IsEmpty || ++octets > 4) return false;
            foreach (var c in part)
            {
                if (!char.IsAsciiDigit(c)) return false;
                octet = octet * 10 + (c - '0');
                if (octet > 255) return false;
            }
            value = value << 8 | (uint)octet;
        }
        return octets == 4;
    }

    /// <summary>The low 32 bits, the IPv4 address in host order when <see cref="Family"/> is IPv4.</summary>
    public uint ToIPv4() => (uint)low;

    /// <summary>The address with all bits behind the first ones 0; they are counted in the address's own family.</summary>
    public IpAddress FirstBits(int count)
    {
        if (Family == IpFamily.IPv4) count += 96;
        return count <= 64
            ? new IpAddress(count == 0 ? 0 : high & ulong.MaxValue << (64 - count), 0)
            : new IpAddress(high, low & ulong.MaxValue << (128 - count));
    }

    /// <summary>Writes the 16 bytes in network order, IPv4 as v4-mapped.</summary>
    public void WriteBytes(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, high);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], low);
    }

    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        WriteBytes(bytes);
        return Family == IpFamily.IPv4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes);
    }

    public int CompareTo(IpAddress other) => high != other.high ? high.CompareTo(other.high) : low.CompareTo(other.low);

    /// <summary>"10.0.0.1:80" or "[fd00::1]:80".</summary>
    public string WithPort(int port) => Family == IpFamily.IPv4 ? $"{this}:{port}" : $"[{this}]:{port}";

    public override string ToString() => Family == IpFamily.IPv4
        ? $"{low >> 24 & 0xff}.{low >> 16 & 0xff}.{low >> 8 & 0xff}.{low & 0xff}"
        : ToIPAddress().ToString();
}
