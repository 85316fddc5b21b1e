using EbpfLb.Model;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Devices;

/// <summary>
/// Decides which devices get programs: those that clients and other nodes are behind, by kind and by routes, not those of pods
/// unless the user names them. Pure: the same network and options give the same decisions.
/// </summary>
public static class DeviceSelector
{
    /// <summary>Every device, by index.</summary>
    public static IReadOnlyList<DeviceDecision> Select(NetworkSnapshot network, DeviceOptions options)
    {
        var facts = new NetworkFacts(network);
        return [.. network.Links.OrderBy(l => l.Index).Select(link => Decide(link, facts, options))];
    }

    private static DeviceDecision Decide(Link link, NetworkFacts facts, DeviceOptions options)
    {
        var (role, reason) = RoleOf(link, facts, options);
        var framing = Framing(link.Type);
        if (role != DeviceRole.None && framing is null)
            (role, reason) = (DeviceRole.None, $"its packets begin neither with an Ethernet nor with an IP header (type {(int)link.Type})");
        return new DeviceDecision(link, role, framing ?? false, reason)
        {
            LeadsAway = role == DeviceRole.None && !link.Flags.HasFlag(LinkFlags.Loopback) && facts.OwnerOf(link) is null
                && ExclusionReason(link, facts, options) is null,
            Undecided = role == DeviceRole.None && options.Only.Count == 0 && !IsNamed(options.Excluded, link)
                && facts.OwnerOf(link) is null
                && Behind(link, facts, options) == Neighbors.Unknown ? string.Join(", ", facts.SubnetsOf(link)) : "",
            Vlan = facts.VlanOn(link)?.Name ?? "",
            HasTagsInFrames = facts.HasTagsInFrames(link),
            Lower = facts.LowerOf(link) is { } lower && !IsNamed(options.Excluded, lower) ? (lower, facts.HasTagsInFrames(lower)) : null,
        };
    }

    /// <summary>What the user says goes before what the device looks like; loopback is never touched.</summary>
    private static (DeviceRole Role, string Reason) RoleOf(Link link, NetworkFacts facts, DeviceOptions options)
    {
        if (link.Flags.HasFlag(LinkFlags.Loopback)) return (DeviceRole.None, "the loopback device");
        if (IsNamed(options.Excluded, link)) return (DeviceRole.None, $"excluded by {OptionNames.ExcludeDevices}");
        if (IsNamed(options.Pods, link)) return (DeviceRole.Pod, $"named by {OptionNames.PodDevice}");
        if (options.Only.Count > 0)
            return IsNamed(options.Only, link) ? (DeviceRole.Uplink, $"named by {OptionNames.Devices}")
                : (DeviceRole.None, $"not named by {OptionNames.Devices}");
        if (facts.OwnerOf(link) is { } owner) return (DeviceRole.None, $"belongs to {owner.Name}");
        var exclusion = ExclusionReason(link, facts, options);
        return exclusion is null ? (DeviceRole.Uplink, InclusionReason(link, facts, options)) : (DeviceRole.None, exclusion);
    }

    private static string? ExclusionReason(Link link, NetworkFacts facts, DeviceOptions options) => LinkKinds.GroupOf(link) switch
    {
        LinkGroup.Physical or LinkGroup.Stacked => null,
        // Every namespace has tunnels of the module's own (tunl0, sit0 ...) that nobody uses; they stay down.
        LinkGroup.Tunnel => link.IsUp ? null : "a tunnel that is down",
        // Virtual machines are pods of a kind: their taps have no address of the node.
        LinkGroup.UserSpace => facts.HasAddress(link) ? null : $"{LinkKinds.Describe(link)} without an address",
        // A node in a container has its uplink like this; else pods are behind it.
        LinkGroup.PodFacing => !facts.HasAddress(link) ? $"{LinkKinds.Describe(link)} without an address"
            : facts.HasGateway(link) ? null : Behind(link, facts, options) switch
            {
                Neighbors.Clients => null,
                Neighbors.Pods => $"{LinkKinds.Describe(link)} whose addresses are pods'",
                _ => $"{LinkKinds.Describe(link)} without a route to a gateway",
            },
        LinkGroup.Sink => $"{LinkKinds.Describe(link)}: nothing comes in by it",
        _ => facts.HasAddress(link) && facts.HasGateway(link) ? null
            : $"kind {link.Kind} is not known to lead outside; name it by {OptionNames.Devices} if it does",
    };

    /// <summary>
    /// Who is behind a bridge or veth that has an address of the node and leads to no router: pods of a CNI plugin, or the virtual machines
    /// and containers of a host, to which kube-proxy's rules apply as to anybody.
    /// </summary>
    private static Neighbors Behind(Link link, NetworkFacts facts, DeviceOptions options)
    {
        if (LinkKinds.GroupOf(link) != LinkGroup.PodFacing || !facts.HasAddress(link) || facts.HasGateway(link)) return Neighbors.None;
        var subnets = facts.SubnetsOf(link).ToList();
        if (subnets.Exists(s => Overlaps(s, options.PodRanges))) return Neighbors.Pods;
        return subnets.Exists(s => options.PodRanges.Any(p => p.Prefix.Family == s.Prefix.Family)) ? Neighbors.Clients : Neighbors.Unknown;
    }

    private static bool Overlaps(SourceRange subnet, ValueList<SourceRange> ranges)
        => ranges.Any(r => r.Contains(subnet.Prefix) || subnet.Contains(r.Prefix));

    private static string InclusionReason(Link link, NetworkFacts facts, DeviceOptions options)
        => facts.HasDefaultRoute(link) ? "carries the default route"
            : facts.HasGateway(link) ? "carries a route to a gateway"
            : Behind(link, facts, options) == Neighbors.Clients ? $"{LinkKinds.Describe(link)} whose addresses are not pods'"
            : LinkKinds.Describe(link);

    private static bool IsNamed(IReadOnlyList<NamePattern> patterns, Link link) => patterns.Any(p => p.Matches(link.Name));

    private enum Neighbors
    {
        /// <summary>The question does not arise.</summary>
        None,
        Pods,
        Clients,

        /// <summary>No range of pods is known in a family of its addresses.</summary>
        Unknown,
    }

    /// <summary>True: Ethernet; false: IP at once; null: something that the programs cannot read.</summary>
    private static bool? Framing(LinkType type) => type switch
    {
        LinkType.Ethernet => true,
        LinkType.None or LinkType.RawIp or LinkType.Ppp or LinkType.Tunnel or LinkType.Tunnel6 or LinkType.Sit or LinkType.IpGre
            or LinkType.Ip6Gre
            => false,
        _ => null,
    };
}
