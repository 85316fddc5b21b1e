using EbpfLb.Model;

namespace EbpfLb.Policy.Explaining;

/// <summary>An address of another node, from its Node object.</summary>
public readonly record struct OtherNode(string Name, IpAddress Address);
