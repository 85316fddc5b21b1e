using System.Net;
using System.Net.Sockets;
using EbpfLb.Native;

namespace EbpfLb.Datapath.Canary;

/// <summary>getpeername(2) itself: Socket.RemoteEndPoint remembers what was asked for and never looks.</summary>
internal static class SocketNames
{
    private const int MaxSocketAddressBytes = 128;

    public static IPEndPoint? Peer(Socket socket)
    {
        var address = new byte[MaxSocketAddressBytes];
        if (LibC.getpeername(socket.SafeHandle, address, out var length) != 0) return null;
        var raw = new SocketAddress(socket.AddressFamily, length);
        address.AsSpan(0, length).CopyTo(raw.Buffer.Span);
        return (IPEndPoint)new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0)
            .Create(raw);
    }
}
