using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Clients;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Ownership;

namespace EbpfLb.Datapath.Node;

/// <summary>What the programs know of the node: its tables, and its devices with their programs. Thread-safe.</summary>
internal sealed class NodeKernel(NodeTables node, ClientTable clients, DeviceHooks devices, InstanceHold hold) : INodeKernel
{
    public IReadOnlyList<AttachedDevice> Devices => devices.Attached;

    public NodeResult ApplyNode(NodeState state) => hold.Lost is { } reason ? new NodeResult(0, 0, [reason])
        : node.Apply(state).And(clients.ApplyHost(state.Settings.HostNetnsCookie, state.Own));

    public IReadOnlyList<AttachedDevice> AttachDevices(IReadOnlyList<DeviceDecision> decisions) => devices.Attach(decisions);
}
