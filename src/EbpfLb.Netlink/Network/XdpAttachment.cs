using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Network;

/// <summary>The XDP programs of a device, one a mode at most, by the kernel's ids; 0: none.</summary>
/// <param name="Index">The device.</param>
public sealed record XdpAttachment(int Index, string Device, uint Driver, uint Generic, uint Hardware)
{
    /// <summary>IFLA_XDP with IFLA_XDP_DRV_PROG_ID, SKB_PROG_ID and HW_PROG_ID (linux/if_link.h).</summary>
    private const int Name = 3, Xdp = 43, DriverId = 5, GenericId = 6, HardwareId = 7;

    /// <summary>The programs that there are.</summary>
    public IEnumerable<uint> Programs => new[] { Driver, Generic, Hardware }.Where(id => id != 0);

    /// <summary>null: the device has none.</summary>
    internal static XdpAttachment? Parse(NetlinkMessage message)
    {
        var body = message.Body<LinkBody>();
        var found = new XdpAttachment(body.Index, "", 0, 0, 0);
        var attributes = message.Attributes<LinkBody>();
        while (attributes.MoveNext())
        {
            if (attributes.Type == Name) found = found with { Device = attributes.Text };
            if (attributes.Type != Xdp) continue;
            var xdp = attributes.Nested;
            while (xdp.MoveNext())
            {
                switch (xdp.Type)
                {
                    case DriverId: found = found with { Driver = xdp.Number }; break;
                    case GenericId: found = found with { Generic = xdp.Number }; break;
                    case HardwareId: found = found with { Hardware = xdp.Number }; break;
                }
            }
        }
        return body.Family == 0 && found.Programs.Any() ? found : null;
    }
}
