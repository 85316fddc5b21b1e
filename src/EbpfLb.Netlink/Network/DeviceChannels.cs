using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Network;

/// <summary>How many queues network cards send by (generic netlink "ethtool", kernel 5.8), as `ethtool -l` shows them.</summary>
internal static class DeviceChannels
{
    /// <summary>ETHTOOL_MSG_CHANNELS_GET of linux/ethtool_netlink.h.</summary>
    private const byte GetChannels = 17;

    /// <summary>ETHTOOL_A_CHANNELS_HEADER, _TX_COUNT, _COMBINED_COUNT and ETHTOOL_A_HEADER_DEV_INDEX.</summary>
    private const int Header = 1, TransmitCount = 7, CombinedCount = 9, DeviceIndex = 1;

    /// <summary>Channels that transmit, by index of the device.</summary>
    /// <param name="links">Their indexes. One that is gone, or whose driver does not say, is left out.</param>
    public static IReadOnlyDictionary<int, int> Read(NetlinkSocket generic, IEnumerable<int> links)
    {
        Dictionary<int, int> found = [];
        GenericFamily? ethtool = null;
        foreach (var link in links)
        {
            try
            {
                ethtool ??= GenericFamily.Find(generic, "ethtool");
                if (ethtool is null) return found;
                var request = ethtool.Request(GetChannels).AddNested(Header, h => h.Add(DeviceIndex, (uint)link));
                if (generic.Get(request, "read the channels of a device", ChannelsOf) is { } channels) found[link] = channels.Count;
            }
            catch (NetlinkException)
            {
                // Not known.
            }
        }
        return found;
    }

    private static Channels? ChannelsOf(NetlinkMessage message)
    {
        var count = 0u;
        var attributes = message.Attributes<GenericBody>();
        while (attributes.MoveNext())
            if (attributes.Type is TransmitCount or CombinedCount) count += attributes.Number;
        return new Channels((int)count);
    }

    private sealed record Channels(int Count);
}
