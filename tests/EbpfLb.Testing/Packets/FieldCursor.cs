using System.Buffers.Binary;

namespace EbpfLb.Testing.Packets;

/// <summary>Walks over bytes and names them; what does not fit is not taken, and nothing after it.</summary>
internal sealed class FieldCursor(byte[] bytes)
{
    private readonly List<PacketField> fields = [];

    public int Position { get; private set; }

    public bool Ended { get; private set; }

    public IReadOnlyList<PacketField> Fields => fields;

    /// <summary>Names the next bytes; false when they are not all there.</summary>
    public bool Take(string name, int length)
    {
        if (Ended || length > bytes.Length - Position)
        {
            Ended = true;
            return false;
        }
        if (length > 0) fields.Add(new PacketField(name, Position, length));
        Position += length;
        return true;
    }

    /// <summary>Several fields, each "name:length".</summary>
    public bool TakeAll(string prefix, params ReadOnlySpan<string> parts)
    {
        foreach (var part in parts)
        {
            var colon = part.IndexOf(':', StringComparison.Ordinal);
            if (!Take(prefix + part[..colon], int.Parse(part.AsSpan(colon + 1)))) return false;
        }
        return true;
    }

    /// <summary>Everything that is left, also behind what did not fit.</summary>
    public void TakeRest(string name)
    {
        if (Position < bytes.Length) fields.Add(new PacketField(name, Position, bytes.Length - Position));
        Position = bytes.Length;
        Ended = true;
    }

    public bool Has(int length) => !Ended && bytes.Length - Position >= length;

    public byte Byte(int ahead) => bytes[Position + ahead];

    public ushort Word(int ahead) => BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(Position + ahead));

    public byte[] Bytes(int ahead, int length) => bytes.AsSpan(Position + ahead, length).ToArray();
}
