using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EbpfLb.Abi;

/// <summary>
/// __be32: a 32-bit number in network byte order, such as an IPv4 address. Conversions are explicit, so that none is forgotten.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 4)]
public readonly record struct Be32
{
    [FieldOffset(0)]
    private readonly uint raw;

    private Be32(uint raw) => this.raw = raw;

    /// <summary>The number as it lies in memory.</summary>
    public uint Raw => raw;

    /// <summary>From a number of this machine.</summary>
    public static Be32 FromHost(uint value) => new(BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value);

    /// <summary>From memory, as it lies there.</summary>
    public static Be32 FromRaw(uint raw) => new(raw);

    /// <summary>As a number of this machine.</summary>
    public uint ToHost() => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(raw) : raw;

    /// <summary>The number, hexadecimal: for an IPv4 address its bytes as they are written.</summary>
    public override string ToString() => ToHost().ToString("x8");
}
