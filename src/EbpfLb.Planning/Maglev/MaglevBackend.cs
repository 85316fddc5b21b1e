using System.Buffers.Binary;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Maglev;

/// <summary>A backend of a Maglev table. Its place in the table follows from address and port: they are the same on every node.</summary>
/// <param name="Weight">Its share of the table is this over the sum of all; 0: none.</param>
public readonly record struct MaglevBackend(BackendAddress Address, ushort Weight)
{
    private const int AddressBytes = 16;

    // The two hashes of the paper. Other keys would be another table: they stay as they are for ever.
    private const ulong OffsetKey = 0x6f66_6673_6574_0001;
    private const ulong SkipKey = 0x736b_6970_0000_0002;

    /// <summary>Where the backend's walk through a table of <paramref name="size"/> entries begins, and its step.</summary>
    internal (int Offset, int Skip) Permutation(int size)
    {
        Span<byte> identity = stackalloc byte[AddressBytes + sizeof(ushort)];
        Address.Address.WriteBytes(identity);
        BinaryPrimitives.WriteUInt16BigEndian(identity[AddressBytes..], Address.Port);
        var offset = SipHash.Hash(OffsetKey, OffsetKey, identity) % (ulong)size;
        var skip = (SipHash.Hash(SkipKey, SkipKey, identity) % (ulong)(size - 1)) + 1;
        return ((int)offset, (int)skip);
    }
}
