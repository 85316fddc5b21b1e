using EbpfLb.Model;

namespace EbpfLb.Policy.Explaining;

/// <summary>An address of one of this node's interfaces; loopback is none of them.</summary>
/// <param name="NodePorts">NodePorts answer on it.</param>
public readonly record struct LocalAddress(IpAddress Address, bool NodePorts);
