using System.Runtime.InteropServices;
using EbpfLb.Abi;

namespace EbpfLb.Datapath.Flows;

/// <summary>
/// The seal of a conntrack entry (bpf/lib/lb_ct_seal.h): tells a program that what it has read is one whole entry of its key. It stands above
/// the ids of service and backend.
/// </summary>
internal static class FlowSeal
{
    private const int IdBits = (int)LbCtId.Bits;
    private const uint Id = (1u << IdBits) - 1;

    /// <summary>The value's first fields are two addresses and two ports, as the key's are.</summary>
    public static LbCt4 Sealed(in LbCtKey4 key, LbCt4 value)
        => value with { State = Sealed(value.State, Seal(AbiBytes.Of(key), AbiBytes.Of(value), addressBytes: 4, key.Proto, key.Hook)) };

    /// <inheritdoc cref="Sealed(in LbCtKey4, LbCt4)"/>
    public static LbCt6 Sealed(in LbCtKey6 key, LbCt6 value)
        => value with { State = Sealed(value.State, Seal(AbiBytes.Of(key), AbiBytes.Of(value), addressBytes: 16, key.Proto, key.Hook)) };

    /// <summary>With the ids alone.</summary>
    public static LbCtState Opened(LbCtState state) => state with { ServiceId = state.ServiceId & Id, BackendId = state.BackendId & Id };

    private static LbCtState Sealed(LbCtState state, ushort seal) => state with
    {
        ServiceId = state.ServiceId & Id | (uint)seal << IdBits,
        BackendId = state.BackendId & Id | (uint)seal >> 8 << IdBits,
    };

    private static ushort Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, int addressBytes, byte protocol, byte hook)
    {
        var hash = (ulong)protocol << 8 | hook;
        hash = MixAddresses(MixAddresses(hash, key[..(2 * addressBytes)]), value[..(2 * addressBytes)]);
        hash = Mix(hash, Ports(key[(2 * addressBytes)..]), Ports(value[(2 * addressBytes)..]));
        return (ushort)Math.Max(hash >> 48, 1);
    }

    private static ulong MixAddresses(ulong hash, ReadOnlySpan<byte> addresses)
    {
        var words = MemoryMarshal.Cast<byte, uint>(addresses);
        for (var i = 0; i < words.Length; i += 2) hash = Mix(hash, words[i], words[i + 1]);
        return hash;
    }

    private static uint Ports(ReadOnlySpan<byte> ports)
    {
        var both = MemoryMarshal.Cast<byte, ushort>(ports[..4]);
        return (uint)both[0] << 16 | both[1];
    }

    private static ulong Mix(ulong hash, uint a, uint b) => unchecked((hash ^ ((ulong)a << 32 | b)) * 0x9E37_79B9_7F4A_7C15ul);
}
