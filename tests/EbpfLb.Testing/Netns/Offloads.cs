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
    private const int ETHTOOL_SGRO = 0x2c;

    /// <summary>From now on the kernel completes the checksum of what leaves by the device (ethtool -K DEVICE tx off).</summary>
    public static void NoChecksums(string netnsPath, string device) => Set(netnsPath, device, ETHTOOL_STXCSUM, 0);

    /// <summary>
    /// From now on what comes in by the device is put together where it can be (ethtool -K DEVICE gro on). Of a veth's other end this
    /// makes a device that sends frames which XDP programs give it.
    /// </summary>
    public static void Receive(string netnsPath, string device) => Set(netnsPath, device, ETHTOOL_SGRO, 1);

    private static void Set(string netnsPath, string device, int command, int value) => NetnsThread.Run(netnsPath, () =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        // struct ethtool_value behind struct ifreq: the name in 16 bytes, then a pointer.
        var request = Marshal.AllocHGlobal(48);
        try
        {
            Marshal.Copy(new byte[48], 0, request, 48);
            Marshal.Copy(Encoding.ASCII.GetBytes(device), 0, request, device.Length);
            Marshal.WriteIntPtr(request, 16, request + 40);
            Marshal.WriteInt32(request, 40, command);
            Marshal.WriteInt32(request, 44, value);
            if (Libc.ioctl(socket.SafeHandle, SIOCETHTOOL, request) < 0)
                throw new InvalidOperationException($"offloads of {device}: errno {Marshal.GetLastPInvokeError()}");
        }
        finally
        {
            Marshal.FreeHGlobal(request);
        }
    });
}
