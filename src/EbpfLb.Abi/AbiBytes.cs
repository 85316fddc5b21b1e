using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EbpfLb.Abi;

/// <summary>Values that cross to the kernel, as bytes. They have no hidden padding, so equal bytes are equal values.</summary>
public static class AbiBytes
{
    /// <summary>The bytes of a value.</summary>
    public static ReadOnlySpan<byte> Of<T>(in T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value));

    /// <summary>The bytes are the same.</summary>
    public static bool Same<T>(in T left, in T right)
        where T : unmanaged => Of(left).SequenceEqual(Of(right));

    /// <summary>A hash of the bytes.</summary>
    public static int Hash<T>(in T value)
        where T : unmanaged
    {
        var hash = default(HashCode);
        hash.AddBytes(Of(value));
        return hash.ToHashCode();
    }

    /// <summary>A value from its bytes.</summary>
    /// <exception cref="ArgumentException">The number of bytes is another.</exception>
    public static T From<T>(ReadOnlySpan<byte> bytes)
        where T : unmanaged
    {
        if (bytes.Length != Unsafe.SizeOf<T>())
            throw new ArgumentException($"{typeof(T).Name} has {Unsafe.SizeOf<T>()} bytes, not {bytes.Length}", nameof(bytes));
        return MemoryMarshal.Read<T>(bytes);
    }
}
