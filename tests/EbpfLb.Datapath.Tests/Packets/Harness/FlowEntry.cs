using System.Net;
using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>An entry of lb_conntrack4 or 6: a packet as it comes, and as it leaves.</summary>
internal sealed record FlowEntry(
    LbCtHook Hook, byte Protocol, IPEndPoint Source, IPEndPoint Destination, IPEndPoint ToSource, IPEndPoint ToDestination, LbCtState State)
{
    public LbCtPhase Phase => (LbCtPhase)State.Phase;

    public LbCtFlag Flags => (LbCtFlag)State.Flags;

    public bool IsReply => Flags.HasFlag(LbCtFlag.Reply);

    /// <summary>Whether <paramref name="other"/> is the other entry of this flow.</summary>
    public bool IsSiblingOf(FlowEntry other) =>
        Protocol == other.Protocol && IsReply != other.IsReply
        && Source.Equals(other.ToDestination) && Destination.Equals(other.ToSource)
        && ToSource.Equals(other.Destination) && ToDestination.Equals(other.Source)
        && (Flags.HasFlag(LbCtFlag.Snat) ? Hook == other.Hook : Hook != other.Hook)
        && Flags.HasFlag(LbCtFlag.Snat) == other.Flags.HasFlag(LbCtFlag.Snat);

    public static FlowEntry From(LbCtKey4 key, LbCt4 value) => new(
        (LbCtHook)key.Hook, key.Proto, End(key.Src, key.Sport), End(key.Dst, key.Dport), End(value.Src, value.Sport),
        End(value.Dst, value.Dport),
        FlowSeal.Opened(value.State));

    public static FlowEntry From(LbCtKey6 key, LbCt6 value) => new(
        (LbCtHook)key.Hook, key.Proto, End(key.Src, key.Sport), End(key.Dst, key.Dport), End(value.Src, value.Sport),
        End(value.Dst, value.Dport),
        FlowSeal.Opened(value.State));

    public LbCtKey4 Key4() => new()
    {
        Src = AbiAddress.To4(Source.Address),
        Dst = AbiAddress.To4(Destination.Address),
        Sport = Be16.FromHost((ushort)Source.Port),
        Dport = Be16.FromHost((ushort)Destination.Port),
        Proto = Protocol,
        Hook = (byte)Hook,
    };

    public LbCtKey6 Key6() => new()
    {
        Src = AbiAddress.To16(Source.Address),
        Dst = AbiAddress.To16(Destination.Address),
        Sport = Be16.FromHost((ushort)Source.Port),
        Dport = Be16.FromHost((ushort)Destination.Port),
        Proto = Protocol,
        Hook = (byte)Hook,
    };

    public LbCt4 Value4() => FlowSeal.Sealed(Key4(), new LbCt4
    {
        Src = AbiAddress.To4(ToSource.Address),
        Dst = AbiAddress.To4(ToDestination.Address),
        Sport = Be16.FromHost((ushort)ToSource.Port),
        Dport = Be16.FromHost((ushort)ToDestination.Port),
        State = State,
    });

    public LbCt6 Value6() => FlowSeal.Sealed(Key6(), new LbCt6
    {
        Src = AbiAddress.To16(ToSource.Address),
        Dst = AbiAddress.To16(ToDestination.Address),
        Sport = Be16.FromHost((ushort)ToSource.Port),
        Dport = Be16.FromHost((ushort)ToDestination.Port),
        State = State,
    });

    public override string ToString() =>
        $"{Hook} {Protocol} {Source} > {Destination} => {ToSource} > {ToDestination} [{Flags}] {Phase} oif {State.Oif} mtu {State.Mtu}";

    private static IPEndPoint End(Be32 address, Be16 port) => new(AbiAddress.From(address), port.ToHost());

    private static IPEndPoint End(Be32x4 address, Be16 port) => new(AbiAddress.From(address), port.ToHost());
}
