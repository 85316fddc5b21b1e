using System.Runtime.InteropServices;
using EbpfLb.Model;

namespace EbpfLb.Datapath.DestinationFilters;

/// <summary>The layout of lb_filter, as bpf/lib/lb_filter.h has it.</summary>
public static class FilterBits
{
    private const int Log2 = 20;

    /// <summary>Of a bank.</summary>
    public const int Count = 1 << Log2;

    internal const int Words = Count / 64;

    /// <summary>Before it is the number of the bank in use.</summary>
    internal const int First = 8;

    /// <summary>The word of the addresses whose flows need no entries.</summary>
    internal const int Untracked = 1;

    /// <summary>In that word.</summary>
    internal static ulong UntrackedBit(IpAddress address) => 1ul << (int)(Of(address) & 63);

    /// <summary>The bit of an address.</summary>
    public static uint Of(IpAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.WriteBytes(bytes);
        var words = MemoryMarshal.Cast<byte, uint>(bytes);
        var hash = words[3] * 0x9e3779b1;
        hash = (hash ^ (hash >> 15) ^ words[2]) * 0x85ebca6b;
        hash = (hash ^ (hash >> 13) ^ words[1]) * 0xc2b2ae35;
        hash = (hash ^ (hash >> 16) ^ words[0]) * 0x27d4eb2f;
        return hash >> (32 - Log2);
    }
}
