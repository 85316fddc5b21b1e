using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Network;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Nodes;

/// <summary>
/// Reads the node's devices, addresses and routes and brings programs and maps up to date with them. What cannot be read or done
/// leaves the last good state in force and is tried again with the next change or the next full round.
/// </summary>
internal sealed class NodeKeeper(INodeKernel kernel, PipelineState state, NodeOptions options, ILogger logger) : IDisposable
{
    private readonly NetworkReader reader = NetworkReader.Open();
    private readonly Lock sync = new();
    private readonly Dictionary<int, string> told = [];
    private NodeState? applied;
    private volatile NodeView view = NodeView.None;

    /// <summary>What is in force.</summary>
    public NodeView View => view;

    /// <summary>Reads everything and does what is missing.</summary>
    public void Refresh()
    {
        lock (sync)
        {
            try
            {
                var network = reader.Read();
                var decisions = DeviceSelector.Select(network, options.Devices);
                var wanted = NodeStateBuilder.Build(network, decisions, options, state.Node, Cookie());
                var result = kernel.ApplyNode(wanted);
                foreach (var problem in result.Problems) Log.NodeProblem(logger, problem);
                var attached = kernel.AttachDevices(decisions);
                Tell(decisions, attached.Where(d => d.Error is not null).ToDictionary(d => d.Index, d => d.Error!));
                view = new NodeView(decisions, wanted);
                if (!wanted.Equals(applied)) Log.NodeState(logger, wanted.Devices.Count, wanted.Addresses.Count, wanted.Addresses.Count(a => a.NodePort));
                applied = wanted;
            }
            catch (NetlinkException e)
            {
                Log.NodeProblem(logger, e.Message);
            }
        }
    }

    public void Dispose() => reader.Dispose();

    /// <summary>Before kernel 5.14 a namespace has no cookie: then no socket counts as the node's own.</summary>
    private ulong Cookie()
    {
        try
        {
            return reader.NamespaceCookie();
        }
        catch (NetlinkException)
        {
            return 0;
        }
    }

    /// <summary>Each device once, and again when something about it changes.</summary>
    private void Tell(IReadOnlyList<DeviceDecision> decisions, Dictionary<int, string> errors)
    {
        foreach (var gone in told.Keys.Except(decisions.Select(d => d.Link.Index)).ToArray()) told.Remove(gone);
        foreach (var decision in decisions)
        {
            var error = errors.GetValueOrDefault(decision.Link.Index);
            var text = error ?? decision.ToString();
            if (told.GetValueOrDefault(decision.Link.Index) == text) continue;
            told[decision.Link.Index] = text;
            if (error is not null) Log.DeviceFailed(logger, decision.Link.Name, error);
            else Log.Device(logger, decision.IsAttached ? LogLevel.Information : LogLevel.Debug, decision.Link.Name, decision.Role.ToString(), decision.Reason);
        }
    }
}
