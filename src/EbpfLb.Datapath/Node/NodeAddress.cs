using EbpfLb.Model;

namespace EbpfLb.Datapath.Node;

/// <summary>An address of one of the node's interfaces.</summary>
/// <param name="NodePort">NodePorts answer on it.</param>
public readonly record struct NodeAddress(IpAddress Address, bool NodePort)
{
    public override string ToString() => $"{Address}{(NodePort ? " (NodePorts)" : "")}";
}
