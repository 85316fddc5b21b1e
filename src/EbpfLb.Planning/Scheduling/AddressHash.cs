using System.Runtime.InteropServices;
using EbpfLb.Model;

namespace EbpfLb.Planning.Scheduling;

/// <summary>
/// Where the programs look by the hash of an address: lb_hash16(), lb_mix() and lb_place_of() of bpf/lib, for sh, dh, and Maglev with
/// session affinity. The same on every node.
/// </summary>
public static class AddressHash
{
    /// <summary>The place in a list of so many.</summary>
    public static uint PlaceOf(IpAddress address, uint count)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.WriteBytes(bytes);
        // As a program loads them, on a little-endian machine.
        var words = MemoryMarshal.Cast<byte, uint>(bytes);
        var (high, low) = ((ulong)words[0] << 32 | words[1], (ulong)words[2] << 32 | words[3]);
        return (uint)((ulong)Mix(unchecked(high * 0x9E37_79B9_7F4A_7C15ul) ^ low) * count >> 32);
    }

    private static uint Mix(ulong x)
    {
        unchecked
        {
            x ^= x >> 33;
            x *= 0xFF51_AFD7_ED55_8CCDul;
            x ^= x >> 33;
            x *= 0xC4CE_B9FE_1A85_EC53ul;
            return (uint)((x ^ (x >> 33)) >> 16);
        }
    }
}
