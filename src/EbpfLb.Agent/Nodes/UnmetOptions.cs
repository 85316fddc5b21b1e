using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Nodes;

/// <summary>Options that name what this node does not have: a slip of the pen would else do nothing without a word.</summary>
internal static class UnmetOptions
{
    private const int Shown = 4;

    /// <param name="addresses">All of the node.</param>
    public static IEnumerable<string> Of(NodeOptions options, IReadOnlyCollection<NodeAddress> addresses, IReadOnlyCollection<Link> links)
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
        foreach (var pattern in options.Devices.Only.Where(p => links.All(l => !p.Matches(l.Name))))
            yield return $"{OptionNames.Devices} (devices.uplinks) names {pattern}, which no device is; "
                + "clients by a device that is not there reach no Service";
    }
}
