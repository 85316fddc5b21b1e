namespace EbpfLb.Datapath.Tests.Packets.Icmp;

/// <summary>Each direction of flows with and without SNAT.</summary>
public enum ErrorFlowKind
{
    Request,
    Reply,
    SnatRequest,
    SnatReply,
}
