using EbpfLb.Abi;

namespace EbpfLb.Datapath.Flows;

/// <summary>One of the two entries of a flow.</summary>
/// <param name="Source">Of the packet as it leaves.</param>
/// <param name="Destination">Of the packet as it leaves.</param>
public readonly record struct FlowEntry(FlowKey Key, FlowEndpoint Source, FlowEndpoint Destination, LbCtState State)
{
    public LbCtFlag Flags => (LbCtFlag)State.Flags;

    public LbCtPhase Phase => (LbCtPhase)State.Phase;

    /// <summary>A request goes to the backend, a reply comes from it.</summary>
    public FlowOwner Owner => new(State.ServiceId, State.BackendId, IsReply ? Key.Source : Destination);

    /// <summary>From the backend to the client.</summary>
    public bool IsReply => Flags.HasFlag(LbCtFlag.Reply);

    /// <summary>Its packets go to the backend's node in a tunnel: it is the only entry of its flow.</summary>
    public bool IsTunnel => (Flags & (LbCtFlag.Direct | LbCtFlag.Snat | LbCtFlag.Reply)) == LbCtFlag.Direct;

    /// <summary>
    /// Key of the other entry: this value turned round. Replies to a SNATed flow come in from outside; those of a backend that sees
    /// the client's own address are met where they leave. Requests always come in.
    /// </summary>
    public FlowKey SiblingKey
        => new(Destination, Source, Key.Protocol, IsReply || Flags.HasFlag(LbCtFlag.Snat) ? LbCtHook.Ingress : LbCtHook.Egress);

    /// <summary>The other entry of a new flow, as it follows from this one.</summary>
    /// <param name="oif">Where its packets leave.</param>
    public FlowEntry ToSibling(uint oif)
    {
        var state = State;
        state.Flags ^= (byte)LbCtFlag.Reply;
        state.Oif = oif;
        return new FlowEntry(SiblingKey, Key.Destination, Key.Source, state);
    }

    /// <summary>That entry is the other one of this flow, and not one of another flow that has taken its key.</summary>
    public bool IsSiblingOf(in FlowEntry other) => SiblingKey == other.Key && other.SiblingKey == Key;
}
