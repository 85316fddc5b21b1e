using EbpfLb.Netlink.TrafficControl;

namespace EbpfLb.Datapath.Attach;

/// <summary>The programs of bpf/prog/tc.bpf.c.</summary>
internal static class TcProgram
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. from ethernet in new[] { true, false } from direction in Enum.GetValues<TcDirection>() select Of(ethernet, direction)];

    /// <summary>See <see cref="IDeviceHook.Directions"/>.</summary>
    public static IReadOnlyList<TcDirection> Order { get; } = [TcDirection.Egress, TcDirection.Ingress];

    /// <param name="hasEthernet">Packets of the device begin with an Ethernet header, else with that of IP.</param>
    public static string Of(bool hasEthernet, TcDirection direction)
        => (direction == TcDirection.Ingress ? "lb_in" : "lb_out") + (hasEthernet ? "" : "_l3");
}
