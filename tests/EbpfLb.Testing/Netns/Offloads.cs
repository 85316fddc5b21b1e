using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Netns;

/// <summary>What devices do in the kernel's place.</summary>
public static class Offloads
{
    private const nuint SIOCETHTOOL = 0x8946;
    private const int ETHTOOL_STXCSUM = 0x17;

    /// <summary>From now on the kernel completes the checksum of what leaves by the device (ethtool -K DEVICE tx off).</summary>
    public static void NoChecksums(string netnsPath, string device) => NetnsThread.Run(netnsPath, () =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        // struct ethtool_value behind struct ifreq: the name in 16 bytes, then a pointer.
        var request = Marshal.AllocHGlobal(48);
        try
        {
            Marshal.Copy(new byte[48], 0, request, 48);
            Marshal.Copy(Encoding.ASCII.GetBytes(device), 0, request, device.Length);
            Marshal.WriteIntPtr(request, 16, request + 40);
            Marshal.WriteInt32(request, 40, ETHTOOL_STXCSUM);
            if (Libc.ioctl(socket.SafeHandle, SIOCETHTOOL, request) < 0)
                throw new InvalidOperationException($"offloads of {device}: errno {Marshal.GetLastPInvokeError()}");
        }
        finally
        {
            Marshal.FreeHGlobal(request);
        }
    });
}
