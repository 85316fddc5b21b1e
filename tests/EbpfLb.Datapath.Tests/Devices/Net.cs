using System.Net;
using System.Net.NetworkInformation;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Tests.Devices;

/// <summary>A network put together by words: devices get their index from the order.</summary>
internal sealed class Net
{
    private readonly List<Link> links = [
        new Link(1, "lo", null, LinkType.Loopback, LinkFlags.Up | LinkFlags.Loopback, 0, 0, 65536, PhysicalAddress.None)];
    private readonly List<Address> addresses = [];
    private readonly List<Route> routes = [];
    private readonly Dictionary<int, int> channels = [];

    public NetworkSnapshot Snapshot => new(links, addresses, routes) { Channels = channels };

    public Net Device(string name, string? kind = null, LinkType type = LinkType.Ethernet, bool up = true, string? master = null,
        string? parent = null, string mac = "")
    {
        links.Add(new Link(links.Count + 1, name, kind, type, up ? LinkFlags.Up : LinkFlags.None, master is null ? 0 : IndexOf(master),
            parent is null ? 0 : IndexOf(parent), 1500, mac.Length == 0 ? PhysicalAddress.None : PhysicalAddress.Parse(mac)));
        return this;
    }

    /// <param name="prefix">"192.0.2.1/24".</param>
    public Net Address(string device, string prefix, AddressScope scope = AddressScope.Global, AddressFlags flags = AddressFlags.Permanent)
    {
        var slash = prefix.IndexOf('/', StringComparison.Ordinal);
        addresses.Add(new Address(IndexOf(device), IPAddress.Parse(prefix[..slash]), int.Parse(prefix[(slash + 1)..]), scope, flags, null));
        return this;
    }

    public Net Route(string device, string prefix, string? gateway = null, uint priority = 0)
    {
        routes.Add(new Route(
            IPNetwork.Parse(prefix), gateway is null ? null : IPAddress.Parse(gateway), IndexOf(device), 254, RouteType.Unicast, priority));
        return this;
    }

    /// <summary>That a network card sends by.</summary>
    public Net Queues(string device, int count)
    {
        channels[IndexOf(device)] = count;
        return this;
    }

    /// <summary>A VLAN that XDP can write the tags of.</summary>
    public Net Vlan(string name, string parent, ushort id)
    {
        Device(name, Link.Vlan, parent: parent);
        links[^1] = links[^1] with { VlanId = id };
        return this;
    }

    public int IndexOf(string device) => links.Single(l => l.Name == device).Index;
}
