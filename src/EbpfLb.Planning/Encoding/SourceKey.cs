using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Planning.Encoding;

/// <summary>
/// A key of lb_src_ranges4 or lb_src_ranges6; also keys that this program would never write, as a table that was found may hold them.
/// </summary>
public readonly record struct SourceKey : IComparable<SourceKey>
{
    private const int ServiceIdBits = 32;

    private SourceKey(IpFamily table, uint prefixLength, uint serviceId, IpAddress address)
    {
        Table = table;
        PrefixLength = prefixLength;
        ServiceId = serviceId;
        // Bits behind the prefix are no part of the key.
        Address = IsSound ? address.FirstBits((int)prefixLength - ServiceIdBits) : address;
    }

    public SourceKey(uint serviceId, SourceRange range)
        : this(range.Prefix.Family, (uint)(ServiceIdBits + range.Length), serviceId, range.Prefix)
    {
    }

    /// <summary>Which of the two tables the key belongs to.</summary>
    public IpFamily Table { get; }

    /// <summary>Bits of service id and address that count.</summary>
    public uint PrefixLength { get; }

    public uint ServiceId { get; }

    public IpAddress Address { get; }

    /// <summary>It is a range of one service; when false, nobody's.</summary>
    public bool IsSound => PrefixLength >= ServiceIdBits && PrefixLength <= MaxBits && Address.Family == Table;

    /// <summary>The sources; only for a sound key.</summary>
    public SourceRange Range => new(Address, (byte)(PrefixLength - ServiceIdBits));

    private uint MaxBits => Table == IpFamily.IPv4 ? 64u : 160u;

    public static SourceKey From(in LbSrcRange4 key)
        => new(IpFamily.IPv4, key.PrefixLen, key.ServiceId, IpAddress.FromBytes(AbiBytes.Of(key.Addr)));

    public static SourceKey From(in LbSrcRange6 key)
        => new(IpFamily.IPv6, key.PrefixLen, key.ServiceId, IpAddress.FromBytes(AbiBytes.Of(key.Addr)));

    public LbSrcRange4 ToKey4()
    {
        Span<byte> bytes = stackalloc byte[16];
        Address.WriteBytes(bytes);
        return new LbSrcRange4 { PrefixLen = PrefixLength, ServiceId = ServiceId, Addr = MemoryMarshal.Read<Be32>(bytes[12..]) };
    }

    public LbSrcRange6 ToKey6()
    {
        Span<byte> bytes = stackalloc byte[16];
        Address.WriteBytes(bytes);
        return new LbSrcRange6 { PrefixLen = PrefixLength, ServiceId = ServiceId, Addr = MemoryMarshal.Read<Be32x4>(bytes) };
    }

    /// <summary>By family, service, address and length.</summary>
    public int CompareTo(SourceKey other)
        => (Table, ServiceId, Address, PrefixLength).CompareTo((other.Table, other.ServiceId, other.Address, other.PrefixLength));

    public override string ToString() => IsSound
        ? $"{Range} of service {ServiceId}"
        : $"foreign range {Address} with {PrefixLength} bits of service {ServiceId}";
}
