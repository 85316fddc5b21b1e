namespace EbpfLb.Netlink.TrafficControl;

/// <summary>A queueing discipline of a device.</summary>
/// <param name="LinkIndex">The device.</param>
/// <param name="Kind">"clsact", "fq_codel" ...</param>
/// <param name="Handle">Its number: major in the upper 16 bits; clsact and ingress have ffff:.</param>
public sealed record Qdisc(int LinkIndex, string Kind, uint Handle);
