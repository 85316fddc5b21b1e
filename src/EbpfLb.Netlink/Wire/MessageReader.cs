using System.Runtime.InteropServices;

namespace EbpfLb.Netlink.Wire;

/// <summary>The messages of one datagram, one after another; stops at one that is cut short.</summary>
internal ref struct MessageReader(ReadOnlySpan<byte> datagram)
{
    private ReadOnlySpan<byte> rest = datagram;

    public NetlinkMessage Current { get; private set; }

    public bool MoveNext()
    {
        if (rest.Length < MessageBuilder.HeaderBytes) return false;
        var length = MemoryMarshal.Read<int>(rest);
        if (length < MessageBuilder.HeaderBytes || length > rest.Length) return false;
        Current = new NetlinkMessage(
            (MessageType)MemoryMarshal.Read<ushort>(rest[4..]),
            (MessageFlags)MemoryMarshal.Read<ushort>(rest[6..]),
            MemoryMarshal.Read<uint>(rest[8..]),
            rest[MessageBuilder.HeaderBytes..length]);
        rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
        return true;
    }
}
