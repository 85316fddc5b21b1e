using System.Runtime.InteropServices;

namespace EbpfLb.Netlink.Native;

/// <summary>The calls that make a netlink socket, under their C names; .NET's Socket does not know the family but can read from it.</summary>
internal static partial class LibC
{
    public const int AF_INET = 2;
    public const int AF_INET6 = 10;
    public const int AF_NETLINK = 16;
    public const int SOCK_RAW = 3;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int NETLINK_ROUTE = 0;
    public const int NETLINK_SOCK_DIAG = 4;
    public const int SOL_NETLINK = 270;
    public const int NETLINK_LISTEN_ALL_NSID = 8;
    public const int NETLINK_CAP_ACK = 10;
    public const int NETLINK_EXT_ACK = 11;
    public const int SOL_SOCKET = 1;
    public const int SO_NETNS_COOKIE = 71;

    private const string Library = "libc";

    [LibraryImport(Library, SetLastError = true)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int bind(SafeHandle socket, in SocketAddressNetlink address, int length);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int setsockopt(SafeHandle socket, int level, int option, in int value, int length);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int getsockopt(SafeHandle socket, int level, int option, out ulong value, ref int length);

    /// <summary>struct sockaddr_nl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SocketAddressNetlink
    {
        public const int Bytes = 12;

        public ushort Family;
        public ushort Pad;
        public uint PortId;
        public uint Groups;
    }
}
