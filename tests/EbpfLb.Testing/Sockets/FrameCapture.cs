using System.Net;
using System.Net.Sockets;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Sockets;

/// <summary>Frames of all devices of a namespace, as tcpdump would see them, from its creation on.</summary>
public sealed class FrameCapture : IDisposable
{
    private const short AllProtocols = 3;
    private readonly Socket socket;
    private readonly List<byte[]> frames = [];

    public FrameCapture(string netnsPath)
    {
        socket = NetnsThread.Run(
            netnsPath,
            () => new Socket(AddressFamily.Packet, SocketType.Raw, (ProtocolType)IPAddress.HostToNetworkOrder(AllProtocols)));
        socket.Blocking = false;
    }

    /// <summary>Waits for the first frame that satisfies, among those before, too.</summary>
    public byte[] Wait(Func<byte[], bool> wanted, string what) =>
        Eventually.Get(() => Frames().FirstOrDefault(wanted), frame => frame is not null, what)!;

    /// <summary>All frames up to now.</summary>
    public IReadOnlyList<byte[]> Frames()
    {
        var buffer = new byte[70_000];
        while (socket.Poll(0, SelectMode.SelectRead))
            frames.Add(buffer[..socket.Receive(buffer)]);
        return frames;
    }

    public void Dispose() => socket.Dispose();
}
