using System.Runtime.InteropServices;
using System.Text;

namespace EbpfLb.Netlink.Wire;

/// <summary>
/// Writes one request: header, a body struct, attributes aligned to 4 bytes. Numbers are in host order, as netlink has them.
/// </summary>
internal sealed class MessageBuilder
{
    public const int HeaderBytes = 16;

    private const ushort NestedFlag = 0x8000;

    private readonly MessageType type;
    private readonly MessageFlags flags;
    private byte[] bytes = new byte[256];
    private int length = HeaderBytes;

    private MessageBuilder(MessageType type, MessageFlags flags)
    {
        this.type = type;
        this.flags = flags;
    }

    /// <param name="body">The fixed part that follows the header (ifinfomsg, tcmsg ...).</param>
    /// <param name="flags">Beside those that say how it is sent.</param>
    public static MessageBuilder Create<T>(MessageType type, in T body, MessageFlags flags = MessageFlags.None)
        where T : unmanaged
    {
        var message = new MessageBuilder(type, flags);
        message.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in body)));
        return message;
    }

    public MessageBuilder Add(int attribute, ReadOnlySpan<byte> value)
    {
        Span<byte> header = stackalloc byte[4];
        MemoryMarshal.Write(header, (ushort)(header.Length + value.Length));
        MemoryMarshal.Write(header[2..], (ushort)attribute);
        Append(header);
        Append(value);
        return this;
    }

    public MessageBuilder Add(int attribute, uint value) => Add(attribute, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)));

    public MessageBuilder Add(int attribute, string value) => Add(attribute, Encoding.UTF8.GetBytes(value + '\0'));

    /// <summary>An attribute made of attributes.</summary>
    public MessageBuilder AddNested(int attribute, Action<MessageBuilder> add)
    {
        var start = length;
        Add(attribute | NestedFlag, []);
        add(this);
        MemoryMarshal.Write(bytes.AsSpan(start), (ushort)(length - start));
        return this;
    }

    /// <summary>The bytes to send. May be called again with another sequence number.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence, MessageFlags how)
    {
        MemoryMarshal.Write(bytes, length);
        MemoryMarshal.Write(bytes.AsSpan(4), (ushort)type);
        MemoryMarshal.Write(bytes.AsSpan(6), (ushort)(flags | how));
        MemoryMarshal.Write(bytes.AsSpan(8), sequence);
        return bytes.AsSpan(0, length);
    }

    private void Append(ReadOnlySpan<byte> value)
    {
        var aligned = (value.Length + 3) & ~3;
        if (length + aligned > bytes.Length) Array.Resize(ref bytes, (length + aligned) * 2);
        value.CopyTo(bytes.AsSpan(length));
        bytes.AsSpan(length + value.Length, aligned - value.Length).Clear();
        length += aligned;
    }
}
