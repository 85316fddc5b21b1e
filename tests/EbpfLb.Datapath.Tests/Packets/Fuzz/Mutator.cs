using System.Buffers.Binary;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Fuzz;

/// <summary>Makes packets that nobody would send out of some that everybody does. The same seed gives the same packets.</summary>
internal sealed class Mutator(int seed)
{
    /// <summary>What the kernel takes for a test run, at least: a link header and, by its type, an IP header.</summary>
    public const int Shortest = 14 + 40;

    private const int Longest = 3000;

    private static readonly int[] OddBytes = [0, 1, 4, 5, 6, 15, 17, 41, 43, 44, 47, 58, 59, 60, 63, 64, 127, 128, 132, 254, 255];
    private static readonly int[] OddWords = [
        0, 1, 2, 7, 8, 19, 20, 28, 40, 48, 0x1fff, 0x2000, 0x2001, 0x4000, 0x7fff, 0x8000, 0xfff8, 0xfff9, 0xffff];

    private readonly Random random = new(seed);

    public T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];

    /// <summary>One to four changes, mostly among the headers.</summary>
    public byte[] Change(byte[] packet, IReadOnlyList<byte[]> others)
    {
        for (var left = random.Next(1, 5); left > 0; left--)
        {
            packet = ChangeOnce(packet, others);
            if (packet.Length < Shortest) packet = [.. packet, .. new byte[Shortest - packet.Length]];
        }
        if (packet.Length > Longest) packet = packet[..Longest];
        if (random.Next(2) == 0) MakeHeaderRight(packet);
        return packet;
    }

    private byte[] ChangeOnce(byte[] packet, IReadOnlyList<byte[]> others)
    {
        packet = packet.ToArray();
        var fields = PacketReader.Read(packet).Fields;
        switch (random.Next(10))
        {
            case 0:
                packet[Place(packet)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                packet[Place(packet)] = (byte)Pick(OddBytes);
                break;
            case 2:
            case 3:
                // A field of its own, so that lengths, flags and protocols get their share.
                ChangeField(packet, Pick(fields));
                break;
            case 4:
                return packet[..random.Next(14, packet.Length + 1)];
            case 5:
                return [.. packet, .. Noise(random.Next(1, 64))];
            case 6:
            {
                var at = Place(packet);
                return [.. packet[..at], .. Noise(8 * random.Next(1, 4)), .. packet[at..]];
            }
            case 7:
            {
                var at = Place(packet);
                return [.. packet[..at], .. packet[Math.Min(packet.Length, at + random.Next(1, 24))..]];
            }
            case 8:
            {
                // The head of one on the body of another.
                var at = Place(packet);
                var other = Pick(others);
                return at < other.Length ? [.. packet[..at], .. other[at..]] : packet;
            }
            default:
                InsertExtension(ref packet);
                break;
        }
        return packet;
    }

    private void ChangeField(byte[] packet, PacketField field)
    {
        var span = packet.AsSpan(field.Offset, field.Length);
        if (span.Length == 1)
            span[0] = (byte)Pick(OddBytes);
        else if (span.Length == 2)
            BinaryPrimitives.WriteUInt16BigEndian(
                span, (ushort)(random.Next(3) == 0 ? packet.Length - field.Offset + random.Next(-3, 4) : Pick(OddWords)));
        else
            span[random.Next(span.Length)] = (byte)Pick(OddBytes);
    }

    // An extension header between the IPv6 header and what follows it.
    private void InsertExtension(ref byte[] packet)
    {
        if (packet.Length < Shortest || packet[12] != 0x86) return;
        byte[] extension = [packet[20], (byte)random.Next(3), .. Noise(6)];
        packet[20] = (byte)Pick([0, 43, 44, 60]);
        var length = BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(18));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(18), (ushort)(length + 8));
        packet = [.. packet[..54], .. extension, .. packet[54..]];
    }

    private static void MakeHeaderRight(byte[] packet)
    {
        if (packet[12] != 0x08 || packet[13] != 0x00) return;
        var length = (packet[14] & 15) * 4;
        if (length < 20 || 14 + length > packet.Length) return;
        var header = packet.AsSpan(14, length);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Finish(InternetChecksum.Sum(header)));
    }

    private int Place(byte[] packet) => random.Next(12, Math.Min(packet.Length, 140));

    private byte[] Noise(int length)
    {
        var noise = new byte[length];
        random.NextBytes(noise);
        return noise;
    }
}
