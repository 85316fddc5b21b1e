using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Network;

/// <summary>Whether a device takes VLAN tags off the frames that come in (generic netlink "ethtool", kernel 5.7).</summary>
internal static class VlanTags
{
    /// <summary>ETHTOOL_MSG_FEATURES_GET of linux/ethtool_netlink.h.</summary>
    private const byte GetFeatures = 11;

    /// <summary>ETHTOOL_A_FEATURES_HEADER, _ACTIVE and ETHTOOL_A_HEADER_DEV_INDEX.</summary>
    private const int Header = 1, Active = 4, DeviceIndex = 1;

    /// <summary>ETHTOOL_A_BITSET_BITS, ETHTOOL_A_BITSET_BITS_BIT and ETHTOOL_A_BITSET_BIT_NAME.</summary>
    private const int Bits = 3, Bit = 1, BitName = 2;

    /// <summary>NETIF_F_HW_VLAN_CTAG_RX (which ethtool also calls rxvlan) and NETIF_F_HW_VLAN_STAG_RX.</summary>
    private static readonly HashSet<string> TakesOff = ["rx-vlan-hw-parse", "rx-vlan-stag-hw-parse"];

    /// <summary>Those of some devices that leave tags in the frames; none where the kernel cannot be asked.</summary>
    /// <param name="links">Their indexes. One that is gone is left out.</param>
    public static IReadOnlySet<int> LeftInFrames(NetlinkSocket generic, IEnumerable<int> links)
    {
        HashSet<int> found = [];
        GenericFamily? ethtool = null;
        foreach (var link in links)
        {
            try
            {
                ethtool ??= GenericFamily.Find(generic, "ethtool");
                if (ethtool is null) return found;
                var request = ethtool.Request(GetFeatures).AddNested(Header, h => h.Add(DeviceIndex, (uint)link));
                if (generic.Get(request, "read what a device does with frames", FeaturesOf)?.Overlaps(TakesOff) == false) found.Add(link);
            }
            catch (NetlinkException)
            {
                // Not known, and so not said to leave them.
            }
        }
        return found;
    }

    /// <summary>Names of what is switched on.</summary>
    private static HashSet<string>? FeaturesOf(NetlinkMessage message)
    {
        var attributes = message.Attributes<GenericBody>();
        while (attributes.MoveNext())
            if (attributes.Type == Active) return Names(attributes.Nested);
        return null;
    }

    private static HashSet<string>? Names(AttributeReader set)
    {
        while (set.MoveNext())
        {
            if (set.Type != Bits) continue;
            HashSet<string> names = [];
            var bits = set.Nested;
            while (bits.MoveNext())
            {
                if (bits.Type != Bit) continue;
                var bit = bits.Nested;
                while (bit.MoveNext())
                    if (bit.Type == BitName) names.Add(bit.Text);
            }
            return names;
        }
        // Without the names nothing is known.
        return null;
    }
}
