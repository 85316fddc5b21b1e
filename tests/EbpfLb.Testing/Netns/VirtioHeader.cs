using System.Runtime.InteropServices;

namespace EbpfLb.Testing.Netns;

/// <summary>What comes before each frame of a <see cref="TapDevice"/> (struct virtio_net_hdr): what is left to do with the frame.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct VirtioHeader(
    byte Flags, byte GsoType, ushort HeaderLength, ushort SegmentLength, ushort ChecksumStart, ushort ChecksumOffset)
{
    public const byte NeedsChecksum = 1;
    public const byte Tcp4 = 1;
    public const byte Tcp6 = 4;
    public const byte UdpSegments = 5;

    public bool IsUnfinished => (Flags & NeedsChecksum) != 0;
}
