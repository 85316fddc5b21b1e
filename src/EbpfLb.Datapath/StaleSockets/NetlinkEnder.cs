using System.Net;
using System.Net.Sockets;
using EbpfLb.Abi;
using EbpfLb.Native;
using EbpfLb.Netlink.Sockets;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>
/// By SOCK_DESTROY, one request a socket. The kernel finds the socket by both its ends and its cookie, so one that was connected to
/// something else meanwhile stays.
/// </summary>
internal sealed class NetlinkEnder : ISocketEnder
{
    public IReadOnlyList<LbStaleSock> End(IReadOnlyList<LbStaleSock> sockets)
    {
        using var destroyer = SocketDestroyer.Open();
        return [.. sockets.Where(s => destroyer.Destroy(IdentityOf(s)))];
    }

    public void Dispose()
    {
    }

    private static SocketIdentity IdentityOf(LbStaleSock socket)
    {
        var isV4 = socket.Family == LibC.AF_INET;
        return new SocketIdentity(
            isV4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, (ProtocolType)socket.Backend.Proto,
            new IPEndPoint(AddressOf(socket.Source, isV4), socket.SourcePort.ToHost()),
            new IPEndPoint(AddressOf(socket.Backend.Addr, isV4), socket.Backend.Port.ToHost()),
            (int)socket.Device, socket.Cookie);
    }

    private static IPAddress AddressOf(in Be32x4 address, bool isV4) => new(isV4 ? AbiBytes.Of(address)[12..] : AbiBytes.Of(address));
}
