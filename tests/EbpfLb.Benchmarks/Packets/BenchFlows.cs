using System.Runtime.InteropServices;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Benchmarks.Packets;

/// <summary>struct bench_flows of bpf/bench/bench_flows.h.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct BenchFlows
{
    private const int HeadLength = 96;
    private const int Ethernet = 14;

    [FieldOffset(96)] public uint AddrAt;
    [FieldOffset(100)] public uint PortAt;
    [FieldOffset(104)] public uint Addr;
    [FieldOffset(108)] public uint Flows;
    [FieldOffset(112)] public ulong Next;
    [FieldOffset(120)] public uint Random;

    /// <param name="next">Number of the first flow, or a seed.</param>
    /// <param name="flows">0: in order.</param>
    /// <param name="isReply">The client is the destination.</param>
    public static BenchFlows Of(byte[] packet, ulong next, uint flows, bool isReply = false)
    {
        var value = default(BenchFlows);
        packet.AsSpan(0, HeadLength).CopyTo(MemoryMarshal.AsBytes(new Span<BenchFlows>(ref value)));
        var isV4 = packet[Ethernet] >> 4 == 4;
        value.AddrAt = isV4 ? Ethernet + (isReply ? 16u : 12u) : Ethernet + (isReply ? 36u : 20u);
        value.PortAt = (uint)PacketReader.Read(packet).Ip.Transport + (isReply ? 2u : 0u);
        // 11.0.0.0 and up, or the last four bytes of the IPv6 address.
        value.Addr = 0x0b00_0000;
        value.Next = next;
        value.Flows = flows;
        value.Random = flows == 0 ? 0u : 1u;
        return value;
    }
}
