using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EbpfLb.Abi;

/// <summary>__be16: a 16-bit number in network byte order, such as a port. Conversions are explicit, so that none is forgotten.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2)]
public readonly record struct Be16
{
    [FieldOffset(0)]
    private readonly ushort raw;

    private Be16(ushort raw) => this.raw = raw;

    /// <summary>The number as it lies in memory.</summary>
    public ushort Raw => raw;

    /// <summary>From a number of this machine.</summary>
    public static Be16 FromHost(ushort value) => new(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value);

    /// <summary>From memory, as it lies there.</summary>
    public static Be16 FromRaw(ushort raw) => new(raw);

    /// <summary>As a number of this machine.</summary>
    public ushort ToHost() => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(raw) : raw;

    /// <summary>The number, decimal.</summary>
    public override string ToString() => ToHost().ToString();
}
