using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>Entries of lb_conntrack6.</summary>
internal sealed class FlowCodec6 : IFlowCodec<LbCtKey6, LbCt6>
{
    public static FlowEntry Decode(in LbCtKey6 key, in LbCt6 value) => new(
        new FlowKey(EndpointOf(key.Src, key.Sport), EndpointOf(key.Dst, key.Dport), key.Proto, (LbCtHook)key.Hook),
        EndpointOf(value.Src, value.Sport), EndpointOf(value.Dst, value.Dport), FlowSeal.Opened(value.State));

    public static LbCtKey6 Key(in FlowKey key) => new()
    {
        Src = AddressOf(key.Source),
        Dst = AddressOf(key.Destination),
        Sport = Be16.FromHost(key.Source.Port),
        Dport = Be16.FromHost(key.Destination.Port),
        Proto = key.Protocol,
        Hook = (byte)key.Hook,
    };

    public static LbCt6 Value(in FlowEntry entry) => FlowSeal.Sealed(Key(entry.Key), new LbCt6
    {
        Src = AddressOf(entry.Source),
        Dst = AddressOf(entry.Destination),
        Sport = Be16.FromHost(entry.Source.Port),
        Dport = Be16.FromHost(entry.Destination.Port),
        State = entry.State,
    });

    private static FlowEndpoint EndpointOf(in Be32x4 address, Be16 port) => new(IpAddress.FromBytes(AbiBytes.Of(address)), port.ToHost());

    private static Be32x4 AddressOf(FlowEndpoint endpoint)
    {
        var address = default(Be32x4);
        endpoint.Address.WriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref address)));
        return address;
    }
}
