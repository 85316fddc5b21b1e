using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Nodes;

/// <summary>Options that name what this node does not have: a slip of the pen would else do nothing without a word.</summary>
internal static class UnmetOptions
{
    private const int Shown = 4;

    /// <param name="addresses">All of the node.</param>
    public static IEnumerable<string> Of(
        NodeOptions options, IReadOnlyCollection<NodeAddress> addresses, NetworkSnapshot network, IReadOnlyList<DeviceDecision> decisions)
    {
        foreach (var family in (IpFamily[])[IpFamily.IPv4, IpFamily.IPv6])
        {
            var own = addresses.Where(a => a.Address.Family == family).ToList();
            var ranges = options.NodePortAddresses.Ranges.Where(r => r.Prefix.Family == family).ToList();
            var isLoopback = family == IpFamily.IPv4 ? options.NodePortAddresses.AllowLoopback4 : options.NodePortAddresses.NameLoopback6;
            if (ranges.Count == 0 || own.Count == 0 || own.Any(a => a.NodePort) || isLoopback) continue;
            yield return $"NodePorts answer on no {family} address of this node: {OptionNames.NodeportAddresses} (nodePortAddresses) is "
                + $"{string.Join(',', ranges)}, and it has {string.Join(", ", own.Select(a => a.Address).Take(Shown))}; "
                + "give ranges that have some of them";
        }
        foreach (var pattern in options.Devices.Only.Where(p => network.Links.All(l => !p.Matches(l.Name))))
            yield return $"{OptionNames.Devices} (devices.uplinks) names {pattern}, which no device is; "
                + "clients by a device that is not there reach no Service";
        foreach (var pattern in options.Devices.Pods.Where(p => network.Links.All(l => !p.Matches(l.Name))))
            yield return $"{OptionNames.PodDevice} (devices.pods) names {pattern}, which no device is: what pods behind it send is only "
                + "translated at their sockets";
        if (options.HostSocketsOnly && decisions.All(d => d.Role != DeviceRole.Pod))
            yield return "hostSocketsOnly is set and no device has programs for pods: pods reach no Service. Name their devices by "
                + $"{OptionNames.PodDevice} (devices.pods)";
        foreach (var warning in WaysOut(options.Devices, network, decisions)) yield return warning;
    }

    /// <summary>What pods answer by such a device leaves with the backend's address, which no client asked.</summary>
    private static IEnumerable<string> WaysOut(
        DeviceOptions options, NetworkSnapshot network, IReadOnlyList<DeviceDecision> decisions)
    {
        if (options.Only.Count == 0 && options.Excluded.Count == 0) yield break;
        var without = decisions.Where(d => !d.IsAttached && !d.Link.Flags.HasFlag(LinkFlags.Loopback)).ToDictionary(d => d.Link.Index);
        foreach (var device in network.Routes.Where(r => r is { IsDefault: true, Type: RouteType.Unicast } && without.ContainsKey(r.Oif))
            .GroupBy(r => r.Oif))
            yield return $"device {without[device.Key].Link.Name} has no program and the default route of table "
                + $"{string.Join(", ", device.Select(r => r.Table).Distinct().Order())}: answers of pods here that leave by it are not "
                + $"translated back, and their clients get none. Name all uplinks by {OptionNames.Devices} (devices.uplinks), or none";
    }
}
