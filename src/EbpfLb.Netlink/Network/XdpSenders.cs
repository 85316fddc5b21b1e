using EbpfLb.Native;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Network;

/// <summary>Which devices send frames that XDP programs of other devices give them (generic netlink "netdev", kernel 6.3).</summary>
internal static class XdpSenders
{
    /// <summary>NETDEV_CMD_DEV_GET, NETDEV_A_DEV_IFINDEX and NETDEV_A_DEV_XDP_FEATURES of linux/netdev.h.</summary>
    private const byte GetDevice = 1;
    private const int DeviceIndex = 1, Features = 3;

    /// <summary>NETDEV_XDP_ACT_NDO_XMIT.</summary>
    private const uint Sends = 4;

    /// <exception cref="NetlinkException">No netlink socket can be had.</exception>
    public static NetlinkSocket Open() => NetlinkSocket.Open(protocol: LibC.NETLINK_GENERIC);

    /// <summary>Their indexes; none where the kernel cannot be asked.</summary>
    public static IReadOnlySet<int> Read(NetlinkSocket socket)
    {
        try
        {
            if (GenericFamily.Find(socket, "netdev") is not { } family) return new HashSet<int>();
            return socket.Dump(family.Request(GetDevice), "read what devices have of XDP", SenderOf).Select(s => s.Index).ToHashSet();
        }
        catch (NetlinkException)
        {
            return new HashSet<int>();
        }
    }

    private static Sender? SenderOf(NetlinkMessage message)
    {
        var (index, features) = (0, 0u);
        var attributes = message.Attributes<GenericBody>();
        while (attributes.MoveNext())
        {
            if (attributes.Type == DeviceIndex) index = (int)attributes.Number;
            // 64 bits, of which the low ones are asked for.
            if (attributes.Type == Features) features = (uint)BitConverter.ToUInt64(attributes.Value);
        }
        return (features & Sends) != 0 ? new Sender(index) : null;
    }

    private sealed record Sender(int Index);
}
