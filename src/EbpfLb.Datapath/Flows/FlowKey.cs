using EbpfLb.Abi;

namespace EbpfLb.Datapath.Flows;

/// <summary>A key of lb_conntrack4 or lb_conntrack6: the packet as a hook sees it.</summary>
/// <param name="Protocol">IP protocol number.</param>
public readonly record struct FlowKey(FlowEndpoint Source, FlowEndpoint Destination, byte Protocol, LbCtHook Hook);
