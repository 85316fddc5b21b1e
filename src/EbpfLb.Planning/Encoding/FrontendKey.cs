using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Encoding;

/// <summary>
/// A key of lb_services4 or lb_services6, byte for byte; also keys that this program would never write, as a table that
/// was found may hold them.
/// </summary>
public readonly record struct FrontendKey : IComparable<FrontendKey>
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

    /// <summary>The key's part of <see cref="ServiceCodec.Seal"/>.</summary>
    internal uint Seal
    {
        get
        {
            var fold = (uint)high ^ (uint)(high >> 32) ^ (uint)low ^ (uint)(low >> 32);
            var port = tail & 0xffff;
            var protocol = tail >> 16 & 0xff;
            return unchecked(fold * 0x9E37_79B1u + (port << 8 | protocol) * 0x85EB_CA6Bu);
        }
    }

    /// <summary>What the key says, be it one or not.</summary>
    internal TransportProtocol Protocol => (TransportProtocol)(byte)(tail >> 16);

    /// <summary>The port when the key is a NodePort's: its address is 0.</summary>
    internal ushort? NodePort => high == 0 && low == 0 ? Be16.FromRaw((ushort)tail).ToHost() : null;

    /// <summary>The key is an address's whose other ports and protocols are refused: its own are 0.</summary>
    public bool IsAnyPort => tail == 0;

    public static FrontendKey From(Frontend frontend)
    {
        Span<byte> address = stackalloc byte[16];
        frontend.Address.WriteBytes(address);
        var rest = (uint)Be16.FromHost(frontend.Port).Raw | (uint)frontend.Protocol << 16;
        return frontend.Address.Family == IpFamily.IPv4
            ? new FrontendKey(IpFamily.IPv4, MemoryMarshal.Read<uint>(address[12..]), 0, rest)
            : new FrontendKey(IpFamily.IPv6, MemoryMarshal.Read<ulong>(address), MemoryMarshal.Read<ulong>(address[8..]), rest);
    }

    public static FrontendKey From(in LbFrontend4 key)
    {
        var bytes = AbiBytes.Of(key);
        return new FrontendKey(IpFamily.IPv4, MemoryMarshal.Read<uint>(bytes), 0, MemoryMarshal.Read<uint>(bytes[4..]));
    }

    public static FrontendKey From(in LbFrontend6 key)
    {
        var bytes = AbiBytes.Of(key);
        return new FrontendKey(
            IpFamily.IPv6, MemoryMarshal.Read<ulong>(bytes), MemoryMarshal.Read<ulong>(bytes[8..]), MemoryMarshal.Read<uint>(bytes[16..]));
    }

    public LbFrontend4 ToFe4()
    {
        Span<uint> words = [(uint)high, tail];
        return MemoryMarshal.Cast<uint, LbFrontend4>(words)[0];
    }

    public LbFrontend6 ToFe6()
    {
        Span<uint> words = [(uint)high, (uint)(high >> 32), (uint)low, (uint)(low >> 32), tail];
        return MemoryMarshal.Cast<uint, LbFrontend6>(words)[0];
    }

    /// <summary>The frontend; false for a key that stands for none (padding not 0, a v4-mapped address among the IPv6 keys).</summary>
    public bool TryGetFrontend(out Frontend frontend)
    {
        Span<ulong> words = [high, low];
        var bytes = MemoryMarshal.AsBytes(words);
        var address = IpAddress.FromBytes(Table == IpFamily.IPv4 ? bytes[..4] : bytes);
        var port = Be16.FromRaw((ushort)tail).ToHost();
        frontend = new Frontend(address, port, Protocol);
        return tail >> 24 == 0 && address.Family == Table;
    }

    /// <summary>By family, address, port and protocol; keys that are no frontend come last.</summary>
    public int CompareTo(FrontendKey other)
    {
        var valid = TryGetFrontend(out var mine);
        var otherValid = other.TryGetFrontend(out var theirs);
        if (valid != otherValid) return valid ? -1 : 1;
        if (Table != other.Table) return Table.CompareTo(other.Table);
        return valid ? mine.CompareTo(theirs) : (high, low, tail).CompareTo((other.high, other.low, other.tail));
    }

    public override string ToString() => TryGetFrontend(out var frontend)
        ? frontend.ToString()
        : Table == IpFamily.IPv4 ? $"foreign key {high:x8}-{tail:x8}" : $"foreign key {high:x16}-{low:x16}-{tail:x8}";
}
