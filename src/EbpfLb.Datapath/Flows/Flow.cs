using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>A flow as people think of it, made of its two entries or of the one that is there.</summary>
/// <param name="Protocol">IP protocol number.</param>
/// <param name="Snat">The address and port that the backend sees; null: the client's own.</param>
/// <param name="LastTick">Of the last packet in either direction.</param>
/// <param name="RequestDevice">Interface index where requests leave; 0: the stack decides.</param>
/// <param name="ReplyDevice">Interface index where replies leave, which is where requests came in; 0 when that is not known.</param>
/// <param name="IsWhole">Both entries are there, or the only one of a flow in a tunnel.</param>
public sealed record Flow(
    IpFamily Family,
    byte Protocol,
    FlowEndpoint Client,
    FlowEndpoint Frontend,
    FlowEndpoint Backend,
    FlowEndpoint? Snat,
    LbCtPhase Phase,
    LbCtFlag Flags,
    uint LastTick,
    uint ServiceId,
    uint BackendId,
    uint RequestDevice,
    uint ReplyDevice,
    bool IsWhole)
{
    public FlowOwner Owner => new(ServiceId, BackendId, Backend);

    /// <summary>Key of its request entry.</summary>
    public FlowKey RequestKey => new(Client, Frontend, Protocol, LbCtHook.Ingress);

    /// <summary>Key of its reply entry.</summary>
    public FlowKey ReplyKey => new(Backend, Snat ?? Client, Protocol, Snat is null ? LbCtHook.Egress : LbCtHook.Ingress);

    /// <param name="entry">Either of the two.</param>
    /// <param name="sibling">The other; null when it is missing.</param>
    public static Flow Of(IpFamily family, in FlowEntry entry, in FlowEntry? sibling)
    {
        var isReply = entry.IsReply;
        var (request, reply) = isReply ? (sibling, (FlowEntry?)entry) : (entry, sibling);
        var flags = entry.Flags & ~LbCtFlag.Reply;
        var snat = isReply ? entry.Key.Destination : entry.Source;
        return new Flow(
            family,
            entry.Key.Protocol,
            isReply ? entry.Destination : entry.Key.Source,
            isReply ? entry.Source : entry.Key.Destination,
            isReply ? entry.Key.Source : entry.Destination,
            flags.HasFlag(LbCtFlag.Snat) ? snat : null,
            entry.Phase,
            flags,
            sibling is { } other && (int)(other.State.Tick - entry.State.Tick) > 0 ? other.State.Tick : entry.State.Tick,
            entry.State.ServiceId,
            entry.State.BackendId,
            request?.State.Oif ?? 0,
            reply?.State.Oif ?? 0,
            sibling is not null || entry.IsTunnel);
    }
}
