using System.Net;
using System.Net.Sockets;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Sockets;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>
/// By inet_diag, where the kernel takes no iterator: every connected socket with a memory of ours (lb_sock) is copied to this process.
/// Costs more than
/// <see cref="IteratorFinder"/>, and needs no program.
/// </summary>
/// <param name="memories">lb_sock. Owned by this.</param>
internal sealed class DiagFinder(ProtocolType protocol, BpfMap memories) : ISocketFinder
{
    private const ushort AF_INET = 2, AF_INET6 = 10;

    /// <summary>Why it cannot be used, in one line; null: it can.</summary>
    public string? Probe()
    {
        try
        {
            Find();
            return null;
        }
        catch (NetlinkException e)
        {
            return e.Message;
        }
    }

    public IReadOnlyList<LbStaleSock> Find()
    {
        using var lister = SocketLister.Open();
        return [.. lister.List(protocol, memories.Fd.Value).Select(Connected).OfType<LbStaleSock>()];
    }

    public void Dispose() => memories.Dispose();

    /// <summary>null: it is connected to something else than what connect() gave it; see lb_stale() of bpf/lib/lb_stale.h.</summary>
    private LbStaleSock? Connected(StoredSocket socket)
    {
        var memory = AbiBytes.From<LbSock>(socket.Value);
        var (source, peer) = (socket.Identity.Source, socket.Identity.Destination);
        if (memory.Kind != (ushort)LbSockKind.Connected || memory.Backend.Proto != (byte)protocol
            || memory.Backend.Port.ToHost() != peer.Port
            || !memory.Backend.Addr.Equals(BytesOf(peer.Address))) return null;
        return new LbStaleSock
        {
            Cookie = socket.Identity.Cookie,
            Frontend = memory.Frontend,
            Backend = memory.Backend,
            Source = BytesOf(source.Address),
            SourcePort = Be16.FromHost((ushort)source.Port),
            Family = socket.Identity.Family == AddressFamily.InterNetwork ? AF_INET : AF_INET6,
            Device = (uint)socket.Identity.Device,
            ServiceId = memory.ServiceId,
            BackendId = memory.BackendId,
        };
    }

    private static Be32x4 BytesOf(IPAddress address) => Be32x4.FromBytes(address.MapToIPv6().GetAddressBytes());
}
