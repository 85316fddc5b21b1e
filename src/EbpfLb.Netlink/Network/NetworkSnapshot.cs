namespace EbpfLb.Netlink.Network;

/// <summary>Devices, addresses and routes of one network namespace. The three are read one after another: what changed in between is told by a watcher.</summary>
/// <param name="Links">By index.</param>
/// <param name="Addresses">In the kernel's order: those of a device as they were added.</param>
/// <param name="Routes">All tables but the local one.</param>
public sealed record NetworkSnapshot(IReadOnlyList<Link> Links, IReadOnlyList<Address> Addresses, IReadOnlyList<Route> Routes);
