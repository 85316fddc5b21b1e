using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Attach;

/// <summary>An XDP program of somebody else at a device.</summary>
/// <param name="Id">The kernel's.</param>
/// <param name="Name">As the kernel has it; null: it has just ended.</param>
/// <param name="Mode">"driver", "generic" or "hardware".</param>
/// <param name="Links">
/// Ids of the links that may hold it there; empty: none does. Several where the same program is at a device of the same index in another
/// network namespace, which the kernel does not tell of a link.
/// </param>
public sealed record OtherXdp(string Device, uint Id, string? Name, string Mode, IReadOnlyList<uint> Links)
{
    /// <summary>
    /// The program by which libxdp (xdp-loader, xdp-filter) calls those that it was given, up to ten; see its protocol.org.
    /// </summary>
    private const string Dispatcher = "xdp_dispatcher";

    /// <summary>"xdpfilt_alw_all (id 7, driver)".</summary>
    public override string ToString()
        => $"{Name ?? "ended"} (id {Id}, {Mode}{(Name == Dispatcher ? $"; `xdp-loader status {Device}` lists those that it calls" : "")})";

    /// <summary>
    /// The command that takes it away, in backticks. What a link holds is refused to everything else (EBUSY, dev_xdp_attach()). Without its
    /// mode ip would mean the driver's on a device whose driver has XDP, and leave one by the stack where it is. libxdp's dispatcher has
    /// pins, which would be left behind.
    /// </summary>
    public string Removal => Links.Count > 0 ? string.Join(" or ", Links.Select(id => $"`bpftool link detach id {id}`"))
        : Name == Dispatcher ? $"`xdp-loader unload {Device} --all`"
        : $"`ip link set dev {Device} {(Mode switch { Generic => "xdpgeneric", Hardware => "xdpoffload", _ => "xdpdrv" })} off`";

    private const string Driver = "driver", Generic = "generic", Hardware = "hardware";

    /// <summary>The program of this id there.</summary>
    /// <exception cref="Bpf.BpfException">It, or links, may not be read.</exception>
    public static OtherXdp Of(string device, uint id, XdpAttachment at) => new(device, id, Inventory.ProgramOf(id)?.Name,
        id == at.Driver ? Driver : id == at.Generic ? Generic : Hardware, Inventory.XdpLinksOf(id, at.Index));
}
