using EbpfLb.Model;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Devices;

/// <summary>What addresses and routes tell of each device, looked up by its index.</summary>
internal sealed class NetworkFacts
{
    /// <summary>Kind of a device that only chooses a routing table.</summary>
    public const string RoutingDomain = "vrf";

    /// <summary>Kind of a device that is several, its ports, to the network.</summary>
    public const string Bond = "bond";

    public const string Bridge = "bridge";

    private readonly Dictionary<int, Link> links;
    private readonly ILookup<int, Address> addresses;
    private readonly ILookup<int, Route> gateways;
    private readonly ILookup<int, Link> vlans;
    private readonly ILookup<int, Link> ports;
    private readonly IReadOnlySet<int> tagsInFrames;

    public NetworkFacts(NetworkSnapshot network)
    {
        links = network.Links.ToDictionary(l => l.Index);
        addresses = network.Addresses.Where(a => a.Scope == AddressScope.Global).ToLookup(a => a.LinkIndex);
        vlans = network.Links.Where(l => l.Kind == Link.Vlan && l.ParentIndex != 0).OrderBy(l => l.Index).ToLookup(l => l.ParentIndex);
        ports = network.Links.Where(l => l.MasterIndex != 0).ToLookup(l => l.MasterIndex);
        tagsInFrames = network.TagsInFrames;
        gateways = network.Routes.Where(r => r.Gateway is not null && r.Type == RouteType.Unicast).ToLookup(r => r.Oif);
    }

    /// <summary>Has an address that means something beyond its link.</summary>
    public bool HasAddress(Link link) => addresses.Contains(link.Index);

    /// <summary>Those addresses with their subnets.</summary>
    public IEnumerable<SourceRange> SubnetsOf(Link link)
        => addresses[link.Index].Select(a => new SourceRange(IpAddress.From(a.Local), (byte)a.PrefixLength));

    public bool HasGateway(Link link) => gateways.Contains(link.Index);

    public bool HasDefaultRoute(Link link) => gateways[link.Index].Any(r => r.IsDefault);

    /// <summary>Routes through routers that a device leads to.</summary>
    public IEnumerable<Route> GatewaysOf(Link link) => gateways[link.Index];

    /// <summary>The first VLAN whose frames come in and leave by the device.</summary>
    public Link? VlanOn(Link link) => vlans[link.Index].FirstOrDefault();

    /// <summary>The device that a VLAN is on.</summary>
    public Link? LowerOf(Link link) => link.Kind == Link.Vlan ? links.GetValueOrDefault(link.ParentIndex) : null;

    /// <summary>
    /// Frames of VLANs come in with their tag in them: hardware that does not take it off, or a bond of nothing else. A veth's other end
    /// decides for itself, so of one it is not known.
    /// </summary>
    public bool HasTagsInFrames(Link link) => link.Kind switch
    {
        null or "tun" => tagsInFrames.Contains(link.Index),
        Bond => ports[link.Index].Any() && ports[link.Index].All(HasTagsInFrames),
        _ => false,
    };

    /// <summary>The device that takes this one's packets: a bond, a bridge. A VRF does not: it only chooses the routing table.</summary>
    public Link? OwnerOf(Link link)
        => link.MasterIndex != 0 && links.TryGetValue(link.MasterIndex, out var master) && master.Kind != RoutingDomain ? master : null;
}
