using System.Net.NetworkInformation;
using EbpfLb.Datapath.Devices;

namespace EbpfLb.Datapath.Node;

/// <summary>
/// Which devices take their packets from others of this node: a bridge or bond from its ports, a macvlan from its lower device. A packet
/// is seen at the lower one first. VLANs and tunnels are not meant: what is tagged or wrapped up is left alone below.
/// </summary>
internal sealed class DeviceStack(IReadOnlyList<DeviceDecision> devices)
{
    private static readonly HashSet<string> Kinds = ["macvlan", "macvtap", "ipvlan"];

    private readonly Dictionary<int, DeviceDecision> byIndex = devices.ToDictionary(d => d.Link.Index);
    private readonly ILookup<int, DeviceDecision> ports = devices.Where(d => d.Link.MasterIndex != 0).ToLookup(d => d.Link.MasterIndex);
    private readonly ILookup<int, DeviceDecision> uppers = devices.Where(IsOnLower).ToLookup(d => d.Link.ParentIndex);

    /// <summary>Its packets have passed another device with a program of ours.</summary>
    public bool IsAbove(DeviceDecision device)
        => device.IsAttached
        && ((IsOnLower(device) && IsAttached(device.Link.ParentIndex))
            || (device.Link.Kind != NetworkFacts.RoutingDomain && ports[device.Link.Index].Any(p => p.IsAttached)));

    /// <summary>
    /// Link address of a device above that has no program of ours, so that the one below looks at its packets: the bridge or bond, else
    /// the first macvlan. One with a program sees them for itself.
    /// </summary>
    public PhysicalAddress? Upper(DeviceDecision device)
    {
        if (!device.IsAttached) return null;
        if (byIndex.TryGetValue(device.Link.MasterIndex, out var master) && master.Link.Kind != NetworkFacts.RoutingDomain)
            return master.IsAttached ? null : master.Link.Mac;
        return uppers[device.Link.Index].Where(u => !u.IsAttached).OrderBy(u => u.Link.Index).FirstOrDefault()?.Link.Mac;
    }

    private bool IsAttached(int index) => byIndex.TryGetValue(index, out var device) && device.IsAttached;

    private static bool IsOnLower(DeviceDecision device) => device.Link.Kind is { } kind && Kinds.Contains(kind);
}
