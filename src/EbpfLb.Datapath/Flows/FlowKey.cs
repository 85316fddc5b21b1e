using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>A key of lb_conntrack4 or lb_conntrack6: the packet as a hook sees it.</summary>
/// <param name="Protocol">IP protocol number.</param>
public readonly record struct FlowKey(FlowEndpoint Source, FlowEndpoint Destination, byte Protocol, LbCtHook Hook);

/// <summary>One end of a packet's way.</summary>
public readonly record struct FlowEndpoint(IpAddress Address, ushort Port)
{
    /// <summary>"10.0.0.1:80" or "[fd00::1]:80".</summary>
    public override string ToString() => Address.WithPort(Port);
}

/// <summary>Whom a flow is counted for.</summary>
/// <param name="Backend">As the flow has it: when the backend is gone, its id may be another one's.</param>
public readonly record struct FlowOwner(uint ServiceId, uint BackendId, FlowEndpoint Backend);
