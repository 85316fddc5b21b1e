using EbpfLb.Abi;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>Entries of lb_conntrack4.</summary>
internal sealed class FlowCodec4 : IFlowCodec<LbCtKey4, LbCt4>
{
    public static FlowEntry Decode(in LbCtKey4 key, in LbCt4 value) => new(
        new FlowKey(EndpointOf(key.Src, key.Sport), EndpointOf(key.Dst, key.Dport), key.Proto, (LbCtHook)key.Hook),
        EndpointOf(value.Src, value.Sport), EndpointOf(value.Dst, value.Dport), FlowSeal.Opened(value.State));

    public static LbCtKey4 Key(in FlowKey key) => new()
    {
        Src = AddressOf(key.Source),
        Dst = AddressOf(key.Destination),
        Sport = Be16.FromHost(key.Source.Port),
        Dport = Be16.FromHost(key.Destination.Port),
        Proto = key.Protocol,
        Hook = (byte)key.Hook,
    };

    public static LbCt4 Value(in FlowEntry entry) => FlowSeal.Sealed(Key(entry.Key), new LbCt4
    {
        Src = AddressOf(entry.Source),
        Dst = AddressOf(entry.Destination),
        Sport = Be16.FromHost(entry.Source.Port),
        Dport = Be16.FromHost(entry.Destination.Port),
        State = entry.State,
    });

    private static FlowEndpoint EndpointOf(Be32 address, Be16 port) => new(IpAddress.FromIPv4(address.ToHost()), port.ToHost());

    private static Be32 AddressOf(FlowEndpoint endpoint) => Be32.FromHost(endpoint.Address.ToIPv4());
}
