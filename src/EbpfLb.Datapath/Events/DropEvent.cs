using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Events;

/// <summary>A dropped packet, as a program wrote it to lb_events.</summary>
/// <param name="Protocol">IP protocol number.</param>
/// <param name="Device">Interface index.</param>
/// <param name="Length">Bytes from the IP header on.</param>
/// <param name="ServiceId">0: none.</param>
public sealed record DropEvent(
    DateTimeOffset Time, LbReason Reason, FlowEndpoint Source, FlowEndpoint Destination, byte Protocol, uint Device, uint Length,
    uint ServiceId)
{
    /// <param name="clock">Turns the kernel's time into that of the wall.</param>
    public static DropEvent Of(in LbEvent record, FlowClock clock) => new(
        clock.TimeOf(record.TimeNs),
        (LbReason)record.Reason,
        new FlowEndpoint(IpAddress.FromBytes(AbiBytes.Of(record.Src)), record.Sport.ToHost()),
        new FlowEndpoint(IpAddress.FromBytes(AbiBytes.Of(record.Dst)), record.Dport.ToHost()),
        record.Proto,
        record.Ifindex,
        record.Len,
        record.ServiceId);
}
