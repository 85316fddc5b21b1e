using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using EbpfLb.Testing.Processes;
using Microsoft.Win32.SafeHandles;

namespace EbpfLb.Testing.Netns;

/// <summary>
/// A device whose wire is this process: what it sends comes in there, unfinished checksums and segmentation included, and what leaves
/// there it receives. It goes away with Dispose.
/// </summary>
public sealed class TapDevice : IDisposable
{
    private const int HeaderLength = 10;
    private const nuint TUNSETIFF = 0x400454ca;
    private const nuint TUNSETOFFLOAD = 0x400454d0;
    private const short IFF_TUN = 1;
    private const short IFF_TAP = 2;
    private const short IFF_NO_PI = 0x1000;
    private const short IFF_VNET_HDR = 0x4000;
    // Checksums, TCP of both families, UDP segments of both.
    private const int Offloads = 0x1 | 0x2 | 0x4 | 0x20 | 0x40;
    private readonly SafeFileHandle file;

    private TapDevice(string netnsPath, string name, bool ethernet)
    {
        file = File.OpenHandle("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        try
        {
            Configure(name, (short)((ethernet ? IFF_TAP : IFF_TUN) | IFF_NO_PI | IFF_VNET_HDR));
            Check(Libc.ioctl(file, TUNSETOFFLOAD, Offloads), "offloads of a tap device");
            Ip.Batch(Path.GetFileName(netnsPath), $"link set {name} up");
            Index = DeviceIndex.Of(name);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>In its namespace.</summary>
    public int Index { get; }

    /// <param name="netnsPath">Below /run/netns.</param>
    /// <param name="name">At most 15 characters.</param>
    /// <param name="ethernet">False: packets have no link header.</param>
    public static TapDevice Create(string netnsPath, string name, bool ethernet = true) =>
        NetnsThread.Run(netnsPath, () => new TapDevice(netnsPath, name, ethernet));

    public void Send(ReadOnlySpan<byte> frame, VirtioHeader header = default)
    {
        var bytes = new byte[HeaderLength + frame.Length];
        MemoryMarshal.Write(bytes, header);
        frame.CopyTo(bytes.AsSpan(HeaderLength));
        Check((int)Libc.write(file, bytes, bytes.Length), "send by a tap device");
    }

    /// <summary>The next frame of those that are wanted; others (the kernel says things of its own) are lost.</summary>
    /// <exception cref="TimeoutException">None within 60 s.</exception>
    public (VirtioHeader Header, byte[] Frame) Receive(Func<byte[], bool> wanted)
    {
        var watch = Stopwatch.StartNew();
        var buffer = new byte[HeaderLength + 70_000];
        while (watch.Elapsed < TimeSpan.FromSeconds(60))
        {
            var entry = new Libc.PollEntry { Fd = (int)file.DangerousGetHandle(), Events = Libc.PollEntry.In };
            if (Libc.poll(ref entry, 1, 100) <= 0)
                continue;
            var length = (int)Libc.read(file, buffer, buffer.Length);
            Check(length, "receive from a tap device");
            var frame = buffer[HeaderLength..length];
            if (wanted(frame))
                return (MemoryMarshal.Read<VirtioHeader>(buffer), frame);
        }
        throw new TimeoutException("no frame that was wanted left by the tap device");
    }

    public void Dispose() => file.Dispose();

    private static void Check(int result, string what)
    {
        if (result < 0)
            throw new InvalidOperationException($"{what}: errno {Marshal.GetLastPInvokeError()}");
    }

    // struct ifreq: the name in 16 bytes, then flags.
    private void Configure(string name, short flags)
    {
        var request = Marshal.AllocHGlobal(40);
        try
        {
            Marshal.Copy(new byte[40], 0, request, 40);
            Marshal.Copy(Encoding.ASCII.GetBytes(name), 0, request, name.Length);
            Marshal.WriteInt16(request, 16, flags);
            Check(Libc.ioctl(file, TUNSETIFF, request), $"tap device {name}");
        }
        finally
        {
            Marshal.FreeHGlobal(request);
        }
    }
}
