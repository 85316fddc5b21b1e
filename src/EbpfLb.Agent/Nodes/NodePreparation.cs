using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;

namespace EbpfLb.Agent.Nodes;

/// <summary>What needs more rights than the agent itself: forwarding at the devices that will have our programs.</summary>
internal static class NodePreparation
{
    /// <summary>What is still wrong afterwards.</summary>
    public static IReadOnlyList<string> Run(NodeOptions options)
    {
        using var network = new KernelNetwork();
        var now = network.Read();
        var served = DeviceSelector.Select(now, options.Devices with { PodRanges = options.Detector.KnownRanges(null) })
            .Where(d => d.IsAttached).Select(d => d.Link).ToList();
        Forwarding.SwitchOn(network.Sysctls, served);
        return [.. Forwarding.Problems(network.Sysctls, served, now.Addresses)];
    }
}
