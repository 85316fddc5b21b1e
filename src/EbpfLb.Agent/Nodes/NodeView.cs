using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;

namespace EbpfLb.Agent.Nodes;

/// <summary>The node as it was read the last time.</summary>
/// <param name="Decisions">Every device.</param>
/// <param name="Attached">What came of those that shall have programs; empty before the hooks are in force.</param>
/// <param name="State">What the programs were told; null before the first reading.</param>
/// <param name="Problems">Why the kernel does not hold all of it; nothing else keeps the agent from being ready.</param>
/// <param name="Warnings">What will not work for some, with what to do.</param>
internal sealed record NodeView(
    IReadOnlyList<DeviceDecision> Decisions,
    IReadOnlyList<AttachedDevice> Attached,
    NodeState? State,
    IReadOnlyList<string> Problems,
    IReadOnlyList<string> Warnings)
{
    public static NodeView None { get; } = new([], [], null, [], []);
}
