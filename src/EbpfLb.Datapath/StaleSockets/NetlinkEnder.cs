using System.Net;
using System.Net.Sockets;
using EbpfLb.Abi;
using EbpfLb.Native;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Sockets;

namespace EbpfLb.Datapath.StaleSockets;

/// <summary>
/// By SOCK_DESTROY, one request a socket. The kernel finds the socket by both its ends and its cookie, so one that was connected to
/// something else meanwhile stays.
/// </summary>
internal sealed class NetlinkEnder : ISocketEnder
{
    private const int SOL_SOCKET = 1, SO_COOKIE = 57;

    /// <summary>
    /// Why this kernel ends no sockets of the protocol, in one line; null: it does, or it is not known. Ends one that is made for it: one
    /// that does not exist is not found where the protocol has no module of sock_diag, too.
    /// </summary>
    /// <param name="destroy">Instead of SOCK_DESTROY, for tests.</param>
    public static string? Probe(ProtocolType protocol, Func<SocketIdentity, bool>? destroy = null)
    {
        try
        {
            using var socket = new Socket(
                AddressFamily.InterNetwork, protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, protocol);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var own = (IPEndPoint)socket.LocalEndPoint!;
            var peer = new IPEndPoint(IPAddress.Any, 0);
            if (protocol == ProtocolType.Tcp) socket.Listen(1);
            else socket.Connect(peer = own);
            Span<byte> cookie = stackalloc byte[sizeof(ulong)];
            socket.GetRawSocketOption(SOL_SOCKET, SO_COOKIE, cookie);
            var identity = new SocketIdentity(AddressFamily.InterNetwork, protocol, own, peer, 0, BitConverter.ToUInt64(cookie));
            using var destroyer = destroy is null ? SocketDestroyer.Open() : null;
            return (destroy ?? destroyer!.Destroy)(identity) ? null : $"sock_diag does not find {protocol} sockets";
        }
        catch (NetlinkException e)
        {
            return e.Errno == NetlinkErrno.EOPNOTSUPP ? $"{e.Message}: the kernel was built without CONFIG_INET_DIAG_DESTROY" : e.Message;
        }
        catch (SocketException)
        {
            // No address of its own, or a program of somebody else that refuses it.
            return null;
        }
    }

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
