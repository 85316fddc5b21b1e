using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EbpfLb.Datapath.Canary;

/// <summary>getpeername(2) itself: Socket.RemoteEndPoint remembers what was asked for and never looks.</summary>
internal static partial class SocketNames
{
    private const int MaxSocketAddressBytes = 128;

    public static IPEndPoint? Peer(Socket socket)
    {
        var address = new byte[MaxSocketAddressBytes];
        var length = address.Length;
        if (GetPeerName((int)socket.SafeHandle.DangerousGetHandle(), ref address[0], ref length) != 0) return null;
        var raw = new SocketAddress(socket.AddressFamily, length);
        address.AsSpan(0, length).CopyTo(raw.Buffer.Span);
        return (IPEndPoint)new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0).Create(raw);
    }

    [LibraryImport("libc", EntryPoint = "getpeername")]
    private static partial int GetPeerName(int socket, ref byte address, ref int length);
}
