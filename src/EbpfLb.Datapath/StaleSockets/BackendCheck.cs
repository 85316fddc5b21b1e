using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>
/// Whether what was sent to a backend may stay there. Programs decide by ids; these mean others when the maps were made anew, so what
/// looks stale to them is asked for once more by its addresses.
/// </summary>
internal sealed class BackendCheck(Mirror mirror, IArrayTable<LbBackend> backends)
{
    public bool Serves(in LbStaleSock socket) => mirror.Serves(
        new Frontend(AddressOf(socket.Frontend), socket.Frontend.Port.ToHost(), (TransportProtocol)socket.Frontend.Proto),
        new BackendAddress(AddressOf(socket.Backend), socket.Backend.Port.ToHost()));

    /// <summary>As lb_ct_outdated() of bpf/lib/lb_conntrack.h.</summary>
    public bool Serves(in FlowEntry request)
    {
        var backend = new BackendAddress(request.Destination.Address, request.Destination.Port);
        if (request.State.BackendId < (uint)backends.Length)
        {
            var known = backends.Read(request.State.BackendId);
            if (known.ServiceId == request.State.ServiceId && known.ServiceId != 0
                && (BackendCodec.Lists(known) & BackendCodec.Stays) != BackendLists.None
                && BackendCodec.Address(known) == backend) return true;
        }
        return mirror.Serves(
            new Frontend(request.Key.Destination.Address, request.Key.Destination.Port, (TransportProtocol)request.Key.Protocol), backend);
    }

    private static IpAddress AddressOf(in LbAddr address) => IpAddress.FromBytes(AbiBytes.Of(address.Addr));
}
