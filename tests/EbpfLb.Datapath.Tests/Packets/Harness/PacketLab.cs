using EbpfLb.Abi;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>
/// The node that packets are run on: clients come in by two uplinks (the first has the better route back), backends of other nodes are
/// behind lan0, some of them behind a route of 1400 bytes, and pods of its own behind pod0. Nothing is ever sent; the devices are there for
/// routing lookups.
/// </summary>
internal static class PacketLab
{
    public const int NarrowMtu = 1400;

    public static readonly Device Wan = new("wan0", 10, "192.0.2.1", "2001:db8:1::1");
    public static readonly Device SecondWan = new("wan1", 12, "203.0.113.1", "2001:db8:2::1");
    public static readonly Device Lan = new("lan0", 14, "10.1.0.1", "fd00:1::1");
    public static readonly Device Pods = new("pod0", 16, "10.244.1.1", "fd00:244:1::1", LbDeviceFlag.Pod | LbDeviceFlag.Detect);
    public static readonly IReadOnlyList<Device> Devices = [Wan, SecondWan, Lan, Pods];

    /// <summary>All devices have the link address that a <see cref="PacketBuilder"/> sends to.</summary>
    private static readonly string Mac = string.Join(':', LinkHeader.Default.Destination.GetAddressBytes().Select(b => $"{b:x2}"));

    public static ScratchNetns CreateNetns() => ScratchNetns.Create(
    [
        .. Devices.SelectMany(device => (string[])
        [
            $"link add {device.Name} index {device.Index} address {Mac} type veth peer name {device.Name}p index {device.Index + 1}",
            $"link set {device.Name} up",
            $"link set {device.Name}p up",
            $"addr add {device.Address4}/24 dev {device.Name}",
            $"addr add {device.Address6}/64 dev {device.Name} nodad",
        ]),
        Neighbour(Wan, "192.0.2.254"), Neighbour(Wan, "2001:db8:1::fe"),
        Neighbour(Wan, "192.0.2.9"), Neighbour(Wan, "2001:db8:1::9"),
        Neighbour(SecondWan, "203.0.113.254"), Neighbour(SecondWan, "2001:db8:2::fe"),
        Neighbour(Lan, "10.1.0.2"), Neighbour(Lan, "fd00:1::2"),
        Neighbour(Pods, "10.244.1.7"), Neighbour(Pods, "fd00:244:1::7"),
        "route add default via 192.0.2.254",
        "route add ::/0 via 2001:db8:1::fe",
        "route add default via 203.0.113.254 metric 200",
        "route append ::/0 via 2001:db8:2::fe",
        "route add 10.244.2.0/24 via 10.1.0.2",
        "route add fd00:244:2::/64 via fd00:1::2",
        // Forwarding heeds the MTU of a route only if it is locked.
        $"route add 10.244.3.0/24 via 10.1.0.2 mtu lock {NarrowMtu}",
        $"route add fd00:244:3::/64 via fd00:1::2 mtu lock {NarrowMtu}",
        "route add blackhole 10.244.4.0/24",
        "route add blackhole fd00:244:4::/64",
    ]);

    private static string Neighbour(Device device, string address) =>
        $"neigh add {address} lladdr 02:00:00:00:01:{device.Index:x2} dev {device.Name} nud permanent";
}
