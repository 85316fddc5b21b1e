using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;

namespace EbpfLb.Agent.Nodes;

/// <summary>The node as it was read the last time.</summary>
/// <param name="Decisions">Every device.</param>
/// <param name="State">What the programs were told; null before the first reading.</param>
internal sealed record NodeView(IReadOnlyList<DeviceDecision> Decisions, NodeState? State)
{
    public static NodeView None { get; } = new([], null);
}
