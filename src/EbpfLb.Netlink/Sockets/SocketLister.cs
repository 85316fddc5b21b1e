using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using EbpfLb.Native;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Sockets;

/// <summary>
/// Reads connected sockets with what a BPF map of socket storage keeps for them, by inet_diag (kernel 5.7, CAP_NET_ADMIN and CAP_BPF). It
/// needs no program. Works in the network namespace of the thread that opened it.
/// </summary>
public sealed class SocketLister : IDisposable
{
    /// <summary>SOCK_DIAG_BY_FAMILY of linux/sock_diag.h, whose numbers are not those of rtnetlink.</summary>
    private const MessageType ByFamily = (MessageType)20;

    /// <summary>INET_DIAG_REQ_SK_BPF_STORAGES and SK_DIAG_BPF_STORAGE_REQ_MAP_FD.</summary>
    private const int StoragesAsked = 2, StorageMapDescriptor = 1;

    /// <summary>INET_DIAG_SK_BPF_STORAGES, SK_DIAG_BPF_STORAGE and SK_DIAG_BPF_STORAGE_MAP_VALUE.</summary>
    private const int Storages = 20, Storage = 1, StorageValue = 3;

    /// <summary>TCP_ESTABLISHED of net/tcp_states.h; connected UDP sockets are in it too.</summary>
    private const uint Established = 1 << 1;

    /// <summary>
    /// All states but TCP_TIME_WAIT, TCP_CLOSE, TCP_LISTEN and TCP_NEW_SYN_RECV: those of sockets that a process has connected.
    /// </summary>
    private const uint Connected = 0xfff & ~(1u << 6 | 1u << 7 | 1u << 10);

    private readonly NetlinkSocket socket;

    private SocketLister(NetlinkSocket socket) => this.socket = socket;

    /// <exception cref="NetlinkException">No netlink socket can be had.</exception>
    public static SocketLister Open() => new(NetlinkSocket.Open(protocol: LibC.NETLINK_SOCK_DIAG));

    /// <summary>
    /// Connected sockets of both families that the map has a value for. Sockets that come or go meanwhile may be missing.
    /// </summary>
    /// <param name="storage">Descriptor of a BPF_MAP_TYPE_SK_STORAGE map.</param>
    /// <exception cref="NetlinkException">EPERM: CAP_NET_ADMIN or CAP_BPF is missing. ENOENT: the kernel was built without diagnosis of the
    /// protocol.</exception>
    public IReadOnlyList<StoredSocket> List(ProtocolType protocol, int storage)
        => [.. List(AddressFamily.InterNetwork, protocol, storage), .. List(AddressFamily.InterNetworkV6, protocol, storage)];

    public void Dispose() => socket.Dispose();

    private List<StoredSocket> List(AddressFamily family, ProtocolType protocol, int storage)
    {
        var body = new SocketDiagBody
        {
            Family = (byte)(family == AddressFamily.InterNetwork ? LibC.AF_INET : LibC.AF_INET6),
            Protocol = (byte)protocol,
            States = protocol == ProtocolType.Tcp ? Connected : Established,
        };
        var request = MessageBuilder.Create(ByFamily, body).AddNested(StoragesAsked, m => m.Add(StorageMapDescriptor, (uint)storage));
        return socket.Dump(request, $"read the {protocol} sockets of {family}", message => Parse(message, protocol));
    }

    private static StoredSocket? Parse(NetlinkMessage message, ProtocolType protocol)
    {
        if (ValueOf(message.Attributes<SocketDiagAnswer>()) is not { } value) return null;
        var found = message.Body<SocketDiagAnswer>();
        var isV4 = found.Family == LibC.AF_INET;
        return new StoredSocket(
            new SocketIdentity(
                isV4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, protocol, End(found.Source, found.SourcePort, isV4),
                End(found.Destination, found.DestinationPort, isV4), (int)found.Device, found.CookieLow | (ulong)found.CookieHigh << 32),
            value);
    }

    private static byte[]? ValueOf(AttributeReader attributes)
    {
        while (attributes.MoveNext())
        {
            if (attributes.Type != Storages) continue;
            var storages = attributes.Nested;
            while (storages.MoveNext())
            {
                if (storages.Type != Storage) continue;
                var fields = storages.Nested;
                while (fields.MoveNext())
                    if (fields.Type == StorageValue) return fields.Value.ToArray();
            }
        }
        return null;
    }

    private static IPEndPoint End(in AddressBytes address, ushort port, bool isV4)
    {
        ReadOnlySpan<byte> bytes = address;
        return new IPEndPoint(
            new IPAddress(isV4 ? bytes[..4] : bytes), BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(port) : port);
    }
}

/// <summary>A socket that a BPF map of socket storage has a value for.</summary>
/// <param name="Identity">Its ends, its device and its cookie.</param>
/// <param name="Value">The map's value.</param>
public sealed record StoredSocket(SocketIdentity Identity, byte[] Value);

/// <summary>A connected socket, as inet_diag names it.</summary>
/// <param name="Family">Of the socket: one of IPv6 that is connected to an IPv4 address has v4-mapped ends.</param>
/// <param name="Device">Index of the device that it is bound to, or 0.</param>
/// <param name="Cookie">SO_COOKIE: no other socket ever has it.</param>
public sealed record SocketIdentity(
    AddressFamily Family, ProtocolType Protocol, IPEndPoint Source, IPEndPoint Destination, int Device, ulong Cookie);
