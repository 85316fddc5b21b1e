using System.Runtime.InteropServices;

namespace EbpfLb.Planning.Tables;

/// <summary>Compares keys as the kernel does: byte for byte.</summary>
internal sealed class ByteComparer<T> : IEqualityComparer<T>
    where T : unmanaged
{
    public bool Equals(T x, T y) => MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in x, 1))
        .SequenceEqual(MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in y, 1)));

    public int GetHashCode(T obj)
    {
        var hash = new HashCode();
        hash.AddBytes(MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in obj, 1)));
        return hash.ToHashCode();
    }
}
