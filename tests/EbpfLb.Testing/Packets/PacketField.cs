namespace EbpfLb.Testing.Packets;

/// <summary>A named run of bytes: "ipv4.src", "inner.tcp.dport"...</summary>
public readonly record struct PacketField(string Name, int Offset, int Length)
{
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> packet) => packet.Slice(Offset, Length);
}
