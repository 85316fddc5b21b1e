using System.Runtime.InteropServices;
using EbpfLb.Abi;

namespace EbpfLb.Datapath.Flows;

/// <summary>
/// The seal of a conntrack entry (bpf/lib/lb_ct_seal.h): tells a program that what it has read is one whole entry of its key. It stands
/// above the ids of service and backend.
/// </summary>
internal static class FlowSeal
{
    private const int IdBits = (int)LbCtId.Bits;
    private const uint Id = (1u << IdBits) - 1;

    public static LbCt4 Sealed(in LbCtKey4 key, LbCt4 value)
    {
        Span<uint> words = [
            Word(key.Src), Word(key.Dst), Word(value.Src), Word(value.Dst), Ports(key.Sport, key.Dport), Ports(value.Sport, value.Dport)];
        return value with { State = Sealed(value.State, Seal(words, key.Proto, key.Hook)) };
    }

    public static LbCt6 Sealed(in LbCtKey6 key, LbCt6 value)
    {
        Span<uint> words =
        [
            .. Words(key.Src), .. Words(key.Dst), .. Words(value.Src), .. Words(value.Dst), Ports(key.Sport, key.Dport),
            Ports(value.Sport, value.Dport),
        ];
        return value with { State = Sealed(value.State, Seal(words, key.Proto, key.Hook)) };
    }

    /// <summary>With the ids alone.</summary>
    public static LbCtState Opened(LbCtState state) => state with { ServiceId = state.ServiceId & Id, BackendId = state.BackendId & Id };

    private static LbCtState Sealed(LbCtState state, ushort seal) => state with
    {
        ServiceId = state.ServiceId & Id | (uint)seal << IdBits,
        BackendId = state.BackendId & Id | (uint)seal >> 8 << IdBits,
    };

    /// <param name="words">As they lie in memory, by twos.</param>
    private static ushort Seal(ReadOnlySpan<uint> words, byte protocol, byte hook)
    {
        var hash = (ulong)protocol << 8 | hook;
        for (var i = 0; i < words.Length; i += 2) hash = Mix(hash, words[i], words[i + 1]);
        return (ushort)Math.Max(hash >> 48, 1);
    }

    private static uint Word(Be32 address) => MemoryMarshal.Read<uint>(AbiBytes.Of(address));

    private static ReadOnlySpan<uint> Words(in Be32x4 address) => MemoryMarshal.Cast<byte, uint>(AbiBytes.Of(address));

    private static uint Ports(Be16 source, Be16 destination)
        => (uint)MemoryMarshal.Read<ushort>(AbiBytes.Of(source)) << 16 | MemoryMarshal.Read<ushort>(AbiBytes.Of(destination));

    private static ulong Mix(ulong hash, uint a, uint b) => unchecked((hash ^ ((ulong)a << 32 | b)) * 0x9E37_79B9_7F4A_7C15ul);
}
