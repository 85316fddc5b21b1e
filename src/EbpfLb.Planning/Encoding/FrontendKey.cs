using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Encoding;

/// <summary>
/// A key of lb_services4 or lb_services6, byte for byte; also keys that this program would never write, as a table that
/// was found may hold them.
/// </summary>
public readonly record struct FrontendKey
{
    private readonly ulong high;
    private readonly ulong low;
    private readonly uint tail;

    private FrontendKey(IpFamily table, ulong high, ulong low, uint tail)
    {
        Table = table;
        this.high = high;
        this.low = low;
        this.tail = tail;
    }

    /// <summary>Which of the two tables the key belongs to.</summary>
    public IpFamily Table { get; }

    /// <summary>lb_fe_check() of bpf/lib/lb_service.h: tells a reader that the value he read is this key's.</summary>
    public uint Check
    {
        get
        {
            var fold = (uint)high ^ (uint)(high >> 32) ^ (uint)low ^ (uint)(low >> 32);
            var port = tail & 0xffff;
            var protocol = tail >> 16 & 0xff;
            return unchecked(fold * 0x9E37_79B1u + (port << 8 | protocol) * 0x85EB_CA6Bu);
        }
    }

    public static FrontendKey From(Frontend frontend)
    {
        Span<byte> bytes = stackalloc byte[20];
        frontend.Address.WriteBytes(bytes);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(bytes[16..], frontend.Port);
        bytes[18] = (byte)frontend.Protocol;
        bytes[19] = 0;
        return frontend.Address.Family == IpFamily.IPv4
            ? new FrontendKey(IpFamily.IPv4, MemoryMarshal.Read<uint>(bytes[12..]), 0, MemoryMarshal.Read<uint>(bytes[16..]))
            : FromBytes6(bytes);
    }

    public static FrontendKey From(in LbFe4 key)
    {
        var bytes = MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in key, 1));
        return new FrontendKey(IpFamily.IPv4, MemoryMarshal.Read<uint>(bytes), 0, MemoryMarshal.Read<uint>(bytes[4..]));
    }

    public static FrontendKey From(in LbFe6 key)
        => FromBytes6(MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in key, 1)));

    public LbFe4 ToFe4()
    {
        Span<uint> words = [(uint)high, tail];
        return MemoryMarshal.Cast<uint, LbFe4>(words)[0];
    }

    public LbFe6 ToFe6()
    {
        Span<uint> words = [(uint)high, (uint)(high >> 32), (uint)low, (uint)(low >> 32), tail];
        return MemoryMarshal.Cast<uint, LbFe6>(words)[0];
    }

    /// <summary>The frontend; false for a key that stands for none (padding not 0, a v4-mapped address among the IPv6 keys).</summary>
    public bool TryGetFrontend(out Frontend frontend)
    {
        Span<ulong> words = [high, low];
        var bytes = MemoryMarshal.AsBytes(words);
        var address = IpAddress.FromBytes(Table == IpFamily.IPv4 ? bytes[..4] : bytes);
        var port = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness((ushort)tail);
        frontend = new Frontend(address, port, (TransportProtocol)(byte)(tail >> 16));
        return tail >> 24 == 0 && address.Family == Table;
    }

    public override string ToString() => TryGetFrontend(out var frontend)
        ? frontend.ToString()
        : Table == IpFamily.IPv4 ? $"foreign key {high:x8}-{tail:x8}" : $"foreign key {high:x16}-{low:x16}-{tail:x8}";

    private static FrontendKey FromBytes6(ReadOnlySpan<byte> bytes) => new(
        IpFamily.IPv6, MemoryMarshal.Read<ulong>(bytes), MemoryMarshal.Read<ulong>(bytes[8..]), MemoryMarshal.Read<uint>(bytes[16..]));
}
