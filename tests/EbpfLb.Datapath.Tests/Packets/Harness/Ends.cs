using System.Net;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>Who is who in <see cref="PacketLab"/>, by family.</summary>
internal sealed record Ends(
    Family Family, IPAddress Client, IPAddress Node, IPAddress ClusterIp, IPAddress ExternalIp, IPAddress Vip, IPAddress LocalPod,
    IPAddress RemotePod, IPAddress NarrowPod, IPAddress UnreachablePod, IPAddress LanAddress, IPAddress PodGateway, IPAddress Router)
{
    private static readonly Ends Four = Parse(
        Family.IPv4, "198.51.100.9", "192.0.2.1", "10.96.0.10", "198.51.100.100", "203.0.113.80", "10.244.1.7", "10.244.2.7", "10.244.3.7",
        "10.244.4.7", "10.1.0.1", "10.244.1.1", "192.0.2.254");

    private static readonly Ends Six = Parse(
        Family.IPv6, "2001:db8:99::9", "2001:db8:1::1", "fd00:96::10", "2001:db8:99::100", "2001:db8:2::80", "fd00:244:1::7",
        "fd00:244:2::7",
        "fd00:244:3::7", "fd00:244:4::7", "fd00:1::1", "fd00:244:1::1", "2001:db8:1::fe");

    public static Ends Of(Family family) => family == Family.IPv4 ? Four : Six;

    private static Ends Parse(Family family, params string[] texts)
    {
        var a = texts.Select(IPAddress.Parse).ToArray();
        return new Ends(family, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11]);
    }
}
