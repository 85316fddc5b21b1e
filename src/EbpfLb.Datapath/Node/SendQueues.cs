using EbpfLb.Datapath.Devices;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Datapath.Node;

/// <summary>
/// Whether a network card has a queue for every CPU that XDP programs run on. What a program of another device gives it goes into the
/// queue of the CPU's number, and drivers such as mlx5 (mlx5e_xdp_xmit) and i40e (i40e_xdp_xmit) lose it where there is none. Others have
/// CPUs share queues, which no driver says. XDP_TX is not concerned: it sends by a queue of the one that received.
/// </summary>
public static class SendQueues
{
    /// <summary>The device is given frames by another one's program.</summary>
    /// <param name="devices">That have XDP programs, with this one.</param>
    public static bool AreUsed(Link link, int devices) => devices > 1 || link.Kind == NetworkFacts.Bond;

    /// <summary>
    /// Why frames that a device is given by another one's program may be lost, with what to do; null: they are not. A bond sends by its
    /// ports.
    /// </summary>
    /// <param name="cpus">One more than the highest number of a CPU that is online.</param>
    public static string? Problem(Link link, NetworkSnapshot network, int cpus)
    {
        if (link.Kind == NetworkFacts.Bond)
        {
            return network.Links.Where(port => port.MasterIndex == link.Index && port.Kind != NetworkFacts.Bond)
                .Select(port => Problem(port, network, cpus)).FirstOrDefault(problem => problem is not null);
        }
        if (!link.IsHardware || cpus <= 1) return null;
        if (!network.Channels.TryGetValue(link.Index, out var queues))
            return $"the driver of {link.Name} does not say how many queues it has";
        return queues >= cpus ? null
            : $"{link.Name} has {queues} queues for {cpus} CPUs (more, if the driver has them: ethtool -L {link.Name} combined {cpus})";
    }
}
