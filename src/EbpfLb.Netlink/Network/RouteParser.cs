using System.Net;
using System.Runtime.InteropServices;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Network;

/// <summary>RTM_NEWROUTE and RTM_DELROUTE (RTA_... of linux/rtnetlink.h).</summary>
internal static class RouteParser
{
    private const int Destination = 1;
    private const int OutputDevice = 4;
    private const int GatewayAddress = 5;
    private const int Metric = 6;
    private const int MultiPath = 9;
    private const int TableNumber = 15;
    private const int Via = 18;

    private const uint LocalTable = 255;
    private const uint Cloned = 0x200;
    private const byte InternetV4 = 2;
    private const byte InternetV6 = 10;

    /// <summary>One for each next hop; null for what is no route of ours to know (multicast, the local table, cached exceptions).</summary>
    public static IReadOnlyList<Route>? Parse(NetlinkMessage message)
    {
        var body = message.Body<RouteBody>();
        if (body.Family is not (InternetV4 or InternetV6) || (body.Flags & Cloned) != 0) return null;
        IPAddress? destination = null, gateway = null;
        var oif = 0;
        uint priority = 0, table = body.Table;
        List<(int Oif, IPAddress? Gateway)> hops = [];
        var attributes = message.Attributes<RouteBody>();
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case Destination: destination = attributes.Address; break;
                case OutputDevice: oif = (int)attributes.Number; break;
                case GatewayAddress: gateway = attributes.Address; break;
                case Metric: priority = attributes.Number; break;
                case TableNumber: table = attributes.Number; break;
                case Via: gateway = ViaAddress(attributes.Value); break;
                case MultiPath: hops = NextHops(attributes.Value); break;
            }
        }
        if (table == LocalTable) return null;
        var prefix = new IPNetwork(destination ?? Any(body.Family), body.DestinationLength);
        if (hops.Count == 0) hops.Add((oif, gateway));
        return [.. hops.Select(hop => new Route(prefix, hop.Gateway, hop.Oif, table, (RouteType)body.Type, priority))];
    }

    private static IPAddress Any(byte family) => family == InternetV4 ? IPAddress.Any : IPAddress.IPv6Any;

    private static List<(int Oif, IPAddress? Gateway)> NextHops(ReadOnlySpan<byte> bytes)
    {
        List<(int, IPAddress?)> hops = [];
        while (bytes.Length >= NextHopBody.Bytes)
        {
            var hop = MemoryMarshal.Read<NextHopBody>(bytes);
            if (hop.Length < NextHopBody.Bytes || hop.Length > bytes.Length) break;
            IPAddress? gateway = null;
            var attributes = new AttributeReader(bytes[NextHopBody.Bytes..hop.Length]);
            while (attributes.MoveNext())
            {
                if (attributes.Type == GatewayAddress) gateway = attributes.Address;
                else if (attributes.Type == Via) gateway = ViaAddress(attributes.Value);
            }
            hops.Add((hop.Index, gateway));
            bytes = bytes[Math.Min((hop.Length + 3) & ~3, bytes.Length)..];
        }
        return hops;
    }

    /// <summary>struct rtvia: a family, then the address.</summary>
    private static IPAddress? ViaAddress(ReadOnlySpan<byte> bytes)
        => bytes.Length is 6 or 18 ? new IPAddress(bytes[2..]) : null;
}
