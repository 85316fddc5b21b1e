using System.Runtime.InteropServices;
using Tmds.Linux;
using Package = Tmds.Linux.LibC;

namespace EbpfLb.Native;

/// <summary>Sockets of families that .NET does not know, and options of all.</summary>
internal static unsafe partial class LibC
{
    public const int NETLINK_ROUTE = 0;
    public const int NETLINK_SOCK_DIAG = 4;
    public const int NETLINK_XFRM = 6;
    public const int NETLINK_NETFILTER = 12;
    public const int NETLINK_GENERIC = 16;
    public const int NETLINK_LISTEN_ALL_NSID = 8;
    public const int NETLINK_CAP_ACK = 10;
    public const int NETLINK_EXT_ACK = 11;
    public const int SO_NETNS_COOKIE = 71;

    public static int AF_INET => Package.AF_INET;
    public static int AF_INET6 => Package.AF_INET6;
    public static int AF_NETLINK => Package.AF_NETLINK;
    public static int SOCK_RAW => Package.SOCK_RAW;
    public static int SOCK_CLOEXEC => Package.SOCK_CLOEXEC;
    public static int SOL_NETLINK => Package.SOL_NETLINK;
    public static int SOL_SOCKET => Package.SOL_SOCKET;

    public static int socket(int domain, int type, int protocol) => Package.socket(domain, type, protocol);

    public static int bind(SafeHandle socket, in SocketAddressNetlink address)
    {
        using var fd = new DescriptorLease(socket);
        fixed (SocketAddressNetlink* to = &address)
            return Package.bind(fd.Value, (sockaddr*)to, sizeof(SocketAddressNetlink));
    }

    public static int setsockopt(SafeHandle socket, int level, int option, int value)
    {
        using var fd = new DescriptorLease(socket);
        return Package.setsockopt(fd.Value, level, option, &value, sizeof(int));
    }

    public static int getsockopt(SafeHandle socket, int level, int option, out ulong value)
    {
        using var fd = new DescriptorLease(socket);
        socklen_t length = sizeof(ulong);
        fixed (ulong* to = &value)
            return Package.getsockopt(fd.Value, level, option, to, &length);
    }

    /// <summary>Writes the other end's address and says in <paramref name="length"/> how long it is.</summary>
    public static int getpeername(SafeHandle socket, Span<byte> address, out int length)
    {
        using var fd = new DescriptorLease(socket);
        socklen_t bytes = address.Length;
        int result;
        fixed (byte* to = address)
            result = Package.getpeername(fd.Value, (sockaddr*)to, &bytes);
        length = (int)bytes;
        return result;
    }

    /// <summary>struct sockaddr_nl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SocketAddressNetlink
    {
        public ushort Family;
        public ushort Pad;
        public uint PortId;
        public uint Groups;
    }
}
