using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Sockets;

/// <summary>Sockets of MPTCP, which .NET has no name for.</summary>
public static class MptcpSocket
{
    /// <summary>In the namespace of the calling thread.</summary>
    public static Socket Create(AddressFamily family)
    {
        const int AF_INET = 2, AF_INET6 = 10, SOCK_STREAM = 1, SOCK_CLOEXEC = 0x80000, IPPROTO_MPTCP = 262;
        var fd = Libc.socket(family == AddressFamily.InterNetwork ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
        return fd >= 0 ? new Socket(new SafeSocketHandle(fd, ownsHandle: true)) : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }
}
