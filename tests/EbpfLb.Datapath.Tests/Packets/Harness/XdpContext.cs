using System.Buffers.Binary;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>struct xdp_md for a test run: how long the packet is, and where it comes in: a device with an XDP program.</summary>
internal readonly record struct XdpContext(int Length, int Ifindex)
{
    private const int Size = 24;
    private const int DataEndOffset = 4;
    private const int IngressIfindexOffset = 12;

    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(DataEndOffset), Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(IngressIfindexOffset), Ifindex);
        return bytes;
    }
}
