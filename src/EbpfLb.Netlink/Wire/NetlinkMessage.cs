using System.Runtime.InteropServices;

namespace EbpfLb.Netlink.Wire;

/// <summary>Makes an object of a message; null when there is nothing of interest in it.</summary>
internal delegate T? ParseMessage<out T>(NetlinkMessage message)
    where T : class;

/// <summary>One message of the kernel, in the buffer that it was received into.</summary>
internal readonly ref struct NetlinkMessage(MessageType type, MessageFlags flags, uint sequence, ReadOnlySpan<byte> payload)
{
    /// <summary>NLM_F_ACK_TLVS, of acknowledgements: attributes follow.</summary>
    private const MessageFlags AckAttributes = (MessageFlags)0x200;

    private const int AckMessage = 1;
    private const int AckHeaderBytes = sizeof(int) + MessageBuilder.HeaderBytes;

    public MessageType Type => type;

    public MessageFlags Flags => flags;

    public uint Sequence => sequence;

    /// <summary>Body struct and attributes.</summary>
    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>The fixed part; zeros where the message is shorter.</summary>
    public T Body<T>()
        where T : unmanaged
    {
        T body = default;
        var bytes = MemoryMarshal.AsBytes(new Span<T>(ref body));
        Payload[..Math.Min(bytes.Length, Payload.Length)].CopyTo(bytes);
        return body;
    }

    /// <summary>What follows the fixed part.</summary>
    public AttributeReader Attributes<T>()
        where T : unmanaged
    {
        T body = default;
        var bodyBytes = (MemoryMarshal.AsBytes(new Span<T>(ref body)).Length + 3) & ~3;
        return new AttributeReader(Payload.Length > bodyBytes ? Payload[bodyBytes..] : []);
    }

    /// <summary>Of NLMSG_ERROR and NLMSG_DONE, whose body begins with 0 or -errno.</summary>
    /// <exception cref="NetlinkException">It was not 0.</exception>
    public void ThrowIfError(string operation)
    {
        var error = Body<int>();
        if (error != 0) throw new NetlinkException((NetlinkErrno)(-error), operation, Explanation());
    }

    private string? Explanation()
    {
        var skip = type == MessageType.Error ? AckHeaderBytes : sizeof(int);
        if (!flags.HasFlag(AckAttributes) || Payload.Length <= skip) return null;
        var attributes = new AttributeReader(Payload[skip..]);
        while (attributes.MoveNext())
            if (attributes.Type == AckMessage) return attributes.Text;
        return null;
    }
}
