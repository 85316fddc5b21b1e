using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using EbpfLb.Native;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Sockets;

/// <summary>
/// Ends sockets of others by SOCK_DESTROY (kernel 4.9 with CONFIG_INET_DIAG_DESTROY): their next call fails with ECONNABORTED, and who
/// waits wakes up. Works in the network namespace of the thread that opened it.
/// </summary>
public sealed class SocketDestroyer : IDisposable
{
    /// <summary>SOCK_DESTROY of linux/sock_diag.h, whose numbers are not those of rtnetlink.</summary>
    private const MessageType SockDestroy = (MessageType)21;

    private const uint AllStates = uint.MaxValue;
    private readonly NetlinkSocket socket;

    private SocketDestroyer(NetlinkSocket socket) => this.socket = socket;

    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public static SocketDestroyer Open() => new(NetlinkSocket.Open(protocol: LibC.NETLINK_SOCK_DIAG));

    /// <summary>Ends a TCP or UDP socket; false when it is gone or is connected to something else by now.</summary>
    /// <exception cref="NetlinkException">EPERM: CAP_NET_ADMIN is missing. EOPNOTSUPP: the kernel was built without it.</exception>
    public bool Destroy(SocketIdentity identity)
    {
        var body = new SocketDiagBody
        {
            Family = (byte)(identity.Family == AddressFamily.InterNetwork ? LibC.AF_INET : LibC.AF_INET6),
            Protocol = (byte)identity.Protocol,
            States = AllStates,
            SourcePort = Port(identity.Source),
            DestinationPort = Port(identity.Destination),
            Device = (uint)identity.Device,
            CookieLow = (uint)identity.Cookie,
            CookieHigh = (uint)(identity.Cookie >> 32),
        };
        identity.Source.Address.TryWriteBytes(body.Source, out _);
        identity.Destination.Address.TryWriteBytes(body.Destination, out _);
        try
        {
            socket.Request(MessageBuilder.Create(SockDestroy, body),
                $"end the {identity.Protocol} socket {identity.Source} -> {identity.Destination}");
            return true;
        }
        catch (NetlinkException e) when (e.Errno is NetlinkErrno.ENOENT or NetlinkErrno.ESTALE)
        {
            return false;
        }
    }

    public void Dispose() => socket.Dispose();

    private static ushort Port(IPEndPoint end)
    {
        var port = (ushort)end.Port;
        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(port) : port;
    }
}
