using EbpfLb.Agent.Options;
using EbpfLb.Datapath.Devices;

namespace EbpfLb.Agent.Nodes;

/// <summary>What needs more rights than the agent itself: forwarding at the devices that will have our programs.</summary>
internal static class NodePreparation
{
    /// <summary>What is still wrong afterwards.</summary>
    public static IReadOnlyList<string> Run(RunOptions options)
    {
        using var network = new KernelNetwork();
        var now = network.Read();
        var served = DeviceSelector.Select(now, options.Node.Devices with { PodRanges = options.Node.Detector.KnownRanges(null) })
            .Where(d => d.IsAttached).Select(d => d.Link).ToList();
        Forwarding.SwitchOn(network.Sysctls, served);
        return [.. Forwarding.Problems(network.Sysctls, served, now.Addresses)];
    }
}
