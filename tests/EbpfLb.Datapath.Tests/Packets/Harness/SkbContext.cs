using System.Buffers.Binary;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>struct __sk_buff for a test run: where the packet is, and what the device said of it.</summary>
internal readonly record struct SkbContext(int Ifindex)
{
    private const int Size = 192;
    private const int IngressIfindexOffset = 36;
    private const int IfindexOffset = 40;
    private const int GsoSegmentsOffset = 164;
    private const int GsoSizeOffset = 176;

    /// <summary>Payload bytes per segment; 0: no GSO packet.</summary>
    public int GsoSize { get; init; }

    public int GsoSegments { get; init; }

    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(IngressIfindexOffset), Ifindex);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(IfindexOffset), Ifindex);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(GsoSegmentsOffset), GsoSegments);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(GsoSizeOffset), GsoSize);
        return bytes;
    }
}
