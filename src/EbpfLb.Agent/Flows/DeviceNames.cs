using EbpfLb.Netlink;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Flows;

/// <summary>Names of the interfaces of this network namespace by index, as they are when it is made.</summary>
internal sealed class DeviceNames
{
    private readonly Dictionary<uint, string> names = [];

    public DeviceNames()
    {
        try
        {
            using var reader = NetworkReader.Open();
            foreach (var link in reader.ReadLinks()) names[(uint)link.Index] = link.Name;
        }
        catch (NetlinkException)
        {
            // Falls back to the index.
        }
    }

    /// <summary>"if7" for one that is gone; null for none (0).</summary>
    public string? Of(uint index) => index == 0 ? null : names.GetValueOrDefault(index) ?? $"if{index}";
}
