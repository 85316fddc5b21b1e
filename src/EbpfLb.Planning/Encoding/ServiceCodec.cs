using System.Runtime.InteropServices;
using EbpfLb.Abi;

namespace EbpfLb.Planning.Encoding;

/// <summary>Values of lb_services4/6.</summary>
internal static class ServiceCodec
{
    /// <param name="affinitySeconds">0 for none.</param>
    public static LbService Encode(FrontendKey key, uint id, uint affinitySeconds, SlotRange range) => new()
    {
        Check = key.Check,
        Id = id,
        Flags = affinitySeconds == 0 ? 0u : (uint)LbServiceFlag.Affinity,
        AffinitySec = affinitySeconds,
        Backends = new LbRange { First = range.First, Count = range.Count },
    };

    /// <summary>No padding is hidden in the types that cross to the kernel, so equal bytes are equal values.</summary>
    public static bool SameBytes<T>(in T left, in T right) where T : unmanaged
        => MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in left, 1))
            .SequenceEqual(MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in right, 1)));
}
