namespace EbpfLb.Netlink.Network;

/// <summary>Something that a <see cref="NetworkWatcher"/> was told.</summary>
public abstract record NetworkChange;

/// <param name="IsGone">Removed (or moved to another namespace); else it is new or has changed.</param>
public sealed record LinkChange(Link Link, bool IsGone) : NetworkChange;

/// <param name="IsGone">Removed; else it is new or has changed.</param>
public sealed record AddressChange(Address Address, bool IsGone) : NetworkChange;

/// <summary>
/// The kernel does not tell everything: IPv4 routes that go with their device or source address go silently. So a route's
/// end is a reason to read again, never a record of all that went.
/// </summary>
/// <param name="Routes">The route, or all next hops of a multipath route.</param>
/// <param name="IsGone">Removed; else it is new or has changed.</param>
public sealed record RouteChange(IReadOnlyList<Route> Routes, bool IsGone) : NetworkChange;

/// <summary>A qdisc or a filter of a device was removed.</summary>
/// <param name="LinkIndex">Of the device.</param>
public sealed record TrafficControlChange(int LinkIndex) : NetworkChange;

/// <summary>The kernel had more to tell than the socket could hold (ENOBUFS): read everything again.</summary>
public sealed record ChangesLost : NetworkChange;
