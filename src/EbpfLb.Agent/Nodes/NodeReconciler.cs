using EbpfLb.Agent.Pipeline;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Nodes;

/// <summary>
/// Reads the node's devices, addresses and routes and brings programs and maps up to date with them. What cannot be read or done
/// leaves the last good state in force and is tried again with the next change or the next full round.
/// </summary>
/// <param name="desired">Asked at each reading.</param>
/// <param name="setSysctls">Asked at each reading.</param>
internal sealed class NodeReconciler(
    INodeKernel kernel, INodeNetwork network, PipelineState state, Func<NodeOptions> desired, Func<bool> setSysctls, ILogger logger)
{
    private readonly Lock sync = new();
    private readonly NodeLog log = new(logger);
    private volatile bool knowsCluster;

    /// <summary>What the cluster says of its nodes has been brought in, whatever it is by now.</summary>
    public bool KnowsCluster => knowsCluster;

    /// <summary>Reads everything and does what is missing.</summary>
    public void Refresh()
    {
        lock (sync)
        {
            Exception? fault = null;
            try
            {
                state.RecordNode(Read());
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                fault = e;
                state.RecordNode(state.NodeView with { Problems = [e.Message] });
            }
            log.Write(state.NodeView, fault);
        }
    }

    private static string Undecided(DeviceDecision device)
        => $"device {device.Link.Name} ({device.Undecided}) has no program, as the range of pods is not "
            + $"known: clients behind it reach no Service. Give {OptionNames.ClusterCidr} (clusterCIDR), "
            + $"or name all devices of clients by {OptionNames.Devices} (devices.uplinks); if only pods are "
            + $"behind it, {OptionNames.ExcludeDevices} {device.Link.Name} ends this warning";

    /// <summary>Between devices; one that sends only what it received itself lacks nothing, unless it is a bond.</summary>
    private static IEnumerable<string> WaysByTc(IReadOnlyList<AttachedDevice> attached, NetworkSnapshot network, int cpus)
    {
        var senders = attached.Where(d => d.Xdp is { Problem: null, Mode: XdpMode.Driver })
            .Select(d => d.Xdp!.Below ?? d.Decision.Link).DistinctBy(l => l.Index).ToList();
        return senders.Where(l => SendQueues.AreUsed(l, senders.Count))
            .Select(l => (l.Name, Problem: SendQueues.Problem(l, network, cpus))).Where(l => l.Problem is not null)
            .Select(l => $"device {l.Name} sends no frames of XDP programs of other devices or ports, tc does that work: {l.Problem}");
    }

    private NodeView Read()
    {
        var options = desired();
        var isClusterKnown = state.IsClusterKnown;
        var now = network.Read();
        var decisions = DeviceSelector.Select(now, options.Devices with { PodRanges = options.Detector.KnownRanges(state.Node) });
        var cpus = PossibleCpus.OnlineNumbers();
        var wanted = NodeStateBuilder.Build(now, decisions, options, state.Node, network.NamespaceCookie(), cpus)
            with { Nodes = state.Nodes.SelectMany(n => n.Addresses).Distinct().ToValueList(), IsClusterKnown = isClusterKnown };
        var result = kernel.ApplyNode(wanted);
        knowsCluster = isClusterKnown;
        var attached = kernel.AttachDevices(decisions);

        var served = decisions.Where(d => d.IsAttached).Select(d => d.Link).ToList();
        if (setSysctls() && served.Count > 0 && Forwarding.IsOff(network.Sysctls, served)) Forwarding.SwitchOn(network.Sysctls, served);
        List<string> warnings = [.. Forwarding.Problems(network.Sysctls, served, now.Addresses)];
        if (served.Count > 0 && LocalPorts.Problem(network.Sysctls, options.SnatPorts) is { } ports) warnings.Add(ports);
        warnings.AddRange(decisions.Where(d => d.Undecided.Length > 0).Select(Undecided));
        warnings.AddRange(UnmetOptions.Of(options, wanted.Addresses, now, decisions));
        warnings.AddRange(attached.Where(d => d.Xdp?.Problem is not null).Select(d
            => $"device {d.Name} has no XDP program, tc does its work: {d.Xdp!.Problem}"));
        warnings.AddRange(WaysByTc(attached, now, cpus));
        return new NodeView(
            decisions, attached, wanted,
            [.. result.Problems,
                .. attached.Where(d => d.Error is not null).Select(d => $"device {d.Name} has not all programs: {d.Error}")],
            warnings);
    }
}
