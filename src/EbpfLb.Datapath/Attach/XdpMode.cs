using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Attach;

/// <summary>Whether packets to backends of other nodes are forwarded in front of the stack, and by whom.</summary>
public enum XdpMode
{
    Off,

    /// <summary>By the driver; devices whose driver cannot are left to tc.</summary>
    Driver,

    /// <summary>By the stack, in front of tc: every device can, and gains little.</summary>
    Generic,
}

/// <summary>What became of XDP at a device.</summary>
/// <param name="Mode">That was asked for.</param>
/// <param name="Program">The kernel's id; 0: it has no program of ours, and tc does all.</param>
/// <param name="Problem">Why not; null where it has.</param>
public sealed record XdpState(XdpMode Mode, uint Program, string? Problem)
{
    /// <summary>Where the program is if not at the device: a VLAN's is at the one below by the driver. null: at the device.</summary>
    public Link? Below { get; init; }

    /// <summary>"driver", "driver at eth0".</summary>
    public string Words => Mode.ToString().ToLowerInvariant() + (Below is { } below ? $" at {below.Name}" : "");
}
