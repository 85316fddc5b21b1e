using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Network;

/// <summary>Reads the network namespace of the thread that opened it.</summary>
public sealed class NetworkReader : IDisposable
{
    private readonly NetlinkSocket socket;
    private readonly NetlinkSocket generic;

    private NetworkReader(NetlinkSocket socket, NetlinkSocket generic)
    {
        this.socket = socket;
        this.generic = generic;
    }

    /// <exception cref="NetlinkException">No netlink socket can be had.</exception>
    public static NetworkReader Open() => new(NetlinkSocket.Open(), XdpSenders.Open());

    /// <summary>Devices, addresses and routes; what changed during one of the readings is read again.</summary>
    /// <exception cref="NetlinkException">The kernel refuses, or nothing ever stood still (EINTR).</exception>
    public NetworkSnapshot Read()
    {
        var links = ReadLinks();
        return new NetworkSnapshot(links, ReadAddresses(), ReadRoutes())
        {
            XdpSenders = XdpSenders.Read(generic), TagsInFrames = VlanTags.LeftInFrames(generic, UnderVlans(links)),
            Channels = DeviceChannels.Read(generic, links.Where(l => l.IsHardware).Select(l => l.Index)),
        };
    }

    /// <summary>All devices, by index.</summary>
    public IReadOnlyList<Link> ReadLinks()
        => socket.Dump(MessageBuilder.Create(MessageType.GetLink, new LinkBody()), "read the network devices", LinkParser.Parse);

    /// <summary>XDP programs at devices, ours and others', by device.</summary>
    public IReadOnlyList<XdpAttachment> ReadXdp()
        => socket.Dump(MessageBuilder.Create(MessageType.GetLink, new LinkBody()), "read the XDP programs", XdpAttachment.Parse);

    /// <summary>All addresses of both families.</summary>
    public IReadOnlyList<Address> ReadAddresses()
        => socket.Dump(MessageBuilder.Create(MessageType.GetAddress, new AddressBody()), "read the addresses", AddressParser.Parse);

    /// <summary>All routes of both families, without the local table.</summary>
    public IReadOnlyList<Route> ReadRoutes()
        => [.. socket.Dump(MessageBuilder.Create(MessageType.GetRoute, new RouteBody()), "read the routes", RouteParser.Parse)
            .SelectMany(r => r)];

    /// <summary>The number by which BPF programs know this namespace (bpf_get_netns_cookie; kernel 5.14).</summary>
    /// <exception cref="NetlinkException">An older kernel.</exception>
    public ulong NamespaceCookie() => socket.NamespaceCookie();

    /// <summary>Devices that VLANs are on, and the ports of such. Each is asked for itself, and a node may have a thousand.</summary>
    private static IEnumerable<int> UnderVlans(IReadOnlyList<Link> links)
    {
        var parents = links.Where(l => l is { Kind: Link.Vlan, ParentIndex: not 0 }).Select(l => l.ParentIndex).ToHashSet();
        return links.Where(l => parents.Contains(l.Index) || parents.Contains(l.MasterIndex)).Select(l => l.Index);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        generic.Dispose();
    }
}

/// <summary>
/// Devices, addresses and routes of one network namespace. The three are read one after another: what changed in between is told by a
/// watcher.
/// </summary>
/// <param name="Links">By index.</param>
/// <param name="Addresses">In the kernel's order: those of a device as they were added.</param>
/// <param name="Routes">All tables but the local one.</param>
public sealed record NetworkSnapshot(IReadOnlyList<Link> Links, IReadOnlyList<Address> Addresses, IReadOnlyList<Route> Routes)
{
    /// <summary>
    /// Indexes of the devices that send frames which XDP programs give them; none where the kernel cannot be asked (before 6.3).
    /// </summary>
    public IReadOnlySet<int> XdpSenders { get; init; } = new HashSet<int>();

    /// <summary>
    /// Indexes of the devices, among those that VLANs are on and their ports, that do not take the tag off a frame that comes in; none
    /// where the kernel cannot be asked (before 5.7). It means nothing for a veth, whose other end may hand the tag over beside the frame.
    /// </summary>
    public IReadOnlySet<int> TagsInFrames { get; init; } = new HashSet<int>();

    /// <summary>
    /// Queues that network cards send by, by index of the card (`ethtool -l`); a card is left out whose driver does not say, and each where
    /// the kernel cannot be asked (before 5.8).
    /// </summary>
    public IReadOnlyDictionary<int, int> Channels { get; init; } = new Dictionary<int, int>();
}
