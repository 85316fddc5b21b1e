using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Network;

/// <summary>The number by which a family of generic netlink is asked on this kernel (genetlink's "nlctrl").</summary>
internal sealed record GenericFamily(MessageType Id)
{
    /// <summary>GENL_ID_CTRL of linux/genetlink.h, whose numbers are not those of rtnetlink.</summary>
    private const MessageType Control = (MessageType)16;

    /// <summary>CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID and CTRL_ATTR_FAMILY_NAME.</summary>
    private const byte GetFamily = 3;
    private const int FamilyId = 1, FamilyName = 2;

    /// <param name="name">"netdev", "ethtool".</param>
    /// <exception cref="NetlinkException">The kernel has none of that name, or cannot be asked.</exception>
    public static GenericFamily? Find(NetlinkSocket socket, string name) => socket.Get(
        MessageBuilder.Create(Control, new GenericBody { Command = GetFamily, Version = 1 }).Add(FamilyName, name),
        $"find the netlink family {name}", Parse);

    /// <summary>A request to it.</summary>
    public MessageBuilder Request(byte command) => MessageBuilder.Create(Id, new GenericBody { Command = command, Version = 1 });

    private static GenericFamily? Parse(NetlinkMessage message)
    {
        var attributes = message.Attributes<GenericBody>();
        while (attributes.MoveNext())
            if (attributes.Type == FamilyId) return new GenericFamily((MessageType)BitConverter.ToUInt16(attributes.Value));
        return null;
    }
}
