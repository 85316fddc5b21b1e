using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;

namespace EbpfLb.Agent.Nodes;

/// <summary>The part of the kernel side that knows the node: its devices, addresses and settings. From any thread.</summary>
internal interface INodeKernel
{
    /// <summary>Tells the programs what they must know of the node.</summary>
    NodeResult ApplyNode(NodeState state);

    /// <summary>Puts the programs at the devices that shall have them; before the hooks are in force this is kept for then.</summary>
    IReadOnlyList<AttachedDevice> AttachDevices(IReadOnlyList<DeviceDecision> decisions);

    /// <summary>What came of it the last time.</summary>
    IReadOnlyList<AttachedDevice> Devices { get; }
}
