using System.Net.Sockets;
using EbpfLb.Datapath.Devices;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Node;

/// <summary>Which of a node's addresses stand for it: at the devices as sources of what is masqueraded, and as a whole.</summary>
internal sealed class NodeAddresses
{
    /// <summary>Not to be used for new connections, or not yet.</summary>
    private const AddressFlags Unusable = AddressFlags.Deprecated | AddressFlags.Tentative | AddressFlags.DadFailed;

    private readonly NetworkSnapshot network;
    private readonly NetworkFacts facts;
    private readonly ILookup<int, Address> usable;

    public NodeAddresses(NetworkSnapshot network, Model.Node? node)
    {
        this.network = network;
        facts = new NetworkFacts(network);
        var named = node?.Addresses.ToHashSet() ?? [];
        usable = network.Addresses.Where(IsUsable).OrderBy(a => Rank(a, named)).ToLookup(a => a.LinkIndex);
        Primaries = node is { Addresses.IsEmpty: false }
            ? [.. node.Addresses.DistinctBy(a => a.Family)]
            : [.. new[] { FindPrimary(AddressFamily.InterNetwork, []), FindPrimary(AddressFamily.InterNetworkV6, []) }.OfType<IpAddress>()];
        Primary4 = FindPrimary(AddressFamily.InterNetwork, node?.Addresses ?? []);
        Primary6 = FindPrimary(AddressFamily.InterNetworkV6, node?.Addresses ?? []);
    }

    /// <summary>
    /// The first of each family in the Node object (docs/contract.md 13, startup 2); while there is none, what would likely be in it.
    /// </summary>
    public IReadOnlyCollection<IpAddress> Primaries { get; }

    /// <summary>The first of the Node object that this machine really has, else what leads to the default route.</summary>
    public IpAddress? Primary4 { get; }

    /// <summary>The same for IPv6.</summary>
    public IpAddress? Primary6 { get; }

    /// <summary>
    /// The source of what leaves by a device: its first usable address, rather one in the subnet of its router, as MASQUERADE
    /// chooses (inet_select_addr), of IPv6 rather that of the Node object; the node's primary one where the device has none.
    /// </summary>
    public IpAddress? SourceFor(Link link, AddressFamily family)
        => OwnSource(link, family) ?? (family == AddressFamily.InterNetwork ? Primary4 : Primary6);

    private IpAddress? OwnSource(Link link, AddressFamily family)
    {
        var own = usable[link.Index].Where(a => a.Local.AddressFamily == family).ToList();
        if (own.Count == 0) return null;
        var routers = facts.GatewaysOf(link).OrderByDescending(r => r.IsDefault).ThenBy(r => r.Priority).Select(r => r.Gateway!);
        var near = routers.Select(router => own.Find(a => a.SpansSubnetOf(router))).FirstOrDefault(a => a is not null);
        return IpAddress.From((near ?? own[0]).Local);
    }

    private IpAddress? FindPrimary(AddressFamily family, IReadOnlyCollection<IpAddress> preferred)
    {
        var all = network.Links.SelectMany(l => usable[l.Index]).Where(a
            => a.Local.AddressFamily == family).Select(a => IpAddress.From(a.Local)).ToHashSet();
        if (preferred.Where(all.Contains).Select(a => (IpAddress?)a).FirstOrDefault() is { } named) return named;
        var byRoute = network.Routes.Where(r => r.IsDefault && r.Family == family && r.Gateway is not null).OrderBy(r => r.Priority)
            .Select(r => network.Links.FirstOrDefault(l => l.Index == r.Oif)).OfType<Link>()
            .Select(link => OwnSource(link, family)).FirstOrDefault(a => a is not null);
        return byRoute ?? network.Links.Select(link => OwnSource(link, family)).FirstOrDefault(a => a is not null);
    }

    private static bool IsUsable(Address address)
        => address.Scope == AddressScope.Global && (address.Flags & Unusable) == AddressFlags.None
            && !IpAddress.From(address.Local).IsLoopback;

    /// <summary>
    /// The kernel has the newest IPv6 address first. That may be one that moves between nodes, as keepalived and kube-vip set them (/128),
    /// and what is masqueraded with it breaks when it goes. Temporary (privacy) ones end soon.
    /// </summary>
    private static int Rank(Address address, HashSet<IpAddress> named)
        => address.Local.AddressFamily != AddressFamily.InterNetworkV6 || named.Contains(IpAddress.From(address.Local)) ? 0
            : address.Flags.HasFlag(AddressFlags.Secondary) ? 3
            : address.PrefixLength == 128 ? 2 : 1;
}
