using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>
/// UDP sockets that are connected to a frontend and whose datagrams our programs at devices send to a backend: sockets of pods that
/// connected while only those of the node were translated at connect().
/// </summary>
/// <param name="maps">Of both families.</param>
/// <param name="serves">The backend of a flow may still have it; others are about to be removed (<see cref="StaleFlowRemover"/>).</param>
/// <param name="hasPodDevices">Programs are at pods' devices now: without them a flow that is left translates nothing.</param>
internal sealed class OwnFlows(IReadOnlyList<IFlowMap> maps, Func<FlowEntry, bool> serves, Func<bool> hasPodDevices)
{
    /// <exception cref="Bpf.BpfException">A map cannot be read.</exception>
    public bool Translate(LbStaleSock socket)
    {
        if (!hasPodDevices()) return false;
        var source = EndOf(socket.Source, socket.SourcePort);
        var key = new FlowKey(
            source, EndOf(socket.Backend.Addr, socket.Backend.Port), (byte)TransportProtocol.Udp, LbCtHook.Ingress);
        return maps.Any(map => map.Family == source.Address.Family && map.TryLookup(key, out var flow) && !flow.IsReply && serves(flow));
    }

    private static FlowEndpoint EndOf(in Be32x4 address, Be16 port) => new(IpAddress.FromBytes(AbiBytes.Of(address)), port.ToHost());
}
