using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Devices;

/// <summary>What becomes of one device.</summary>
/// <param name="Link">The device.</param>
/// <param name="Role">None: left alone.</param>
/// <param name="HasEthernet">Packets begin with an Ethernet header; else with the IP header.</param>
/// <param name="Reason">Why, for people: "carries the default route".</param>
public sealed record DeviceDecision(Link Link, DeviceRole Role, bool HasEthernet, string Reason)
{
    /// <summary>Left alone because nothing tells whether clients or pods are behind it; the addresses that it has. Empty: not so.</summary>
    public string Undecided { get; init; } = "";

    /// <summary>Left alone, though other nodes are behind it by its looks: what the user says, or packets that cannot be read.</summary>
    public bool LeadsAway { get; init; }

    /// <summary>A VLAN on it. Empty: none.</summary>
    public string Vlan { get; init; } = "";

    /// <summary>Frames of VLANs come in with the tag in them (by a bond: at its ports); else it may be kept beside them.</summary>
    public bool HasTagsInFrames { get; init; }

    /// <summary>
    /// Of a VLAN: the device that it is on, if that is in this namespace and not excluded, and its <see cref="HasTagsInFrames"/>.
    /// </summary>
    public (Link Link, bool HasTagsInFrames)? Lower { get; init; }

    public bool IsAttached => Role != DeviceRole.None;

    public override string ToString() => $"{Link.Name}: {(IsAttached ? "attached" : "left alone")}: {Reason}";
}

/// <summary>What a device is to us.</summary>
public enum DeviceRole
{
    /// <summary>No program of ours.</summary>
    None,

    /// <summary>Clients and other nodes are behind it.</summary>
    Uplink,

    /// <summary>Pods are behind it, and their traffic to services is translated packet by packet.</summary>
    Pod,
}
