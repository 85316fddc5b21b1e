using System.Buffers.Binary;

namespace EbpfLb.Testing.Packets;

/// <summary>A packet taken apart, however short or damaged.</summary>
/// <param name="Bytes">All of it.</param>
/// <param name="Fields">Every byte belongs to one field; in order.</param>
/// <param name="Outer">Null: no IP packet.</param>
/// <param name="Inner">What an ICMP error is about.</param>
public sealed record ParsedPacket(byte[] Bytes, IReadOnlyList<PacketField> Fields, ParsedIp? Outer, ParsedIp? Inner)
{
    /// <summary>The outer packet; for tests that know there is one.</summary>
    public ParsedIp Ip => Outer ?? throw new InvalidOperationException("not an IP packet");

    public bool Has(string field) => Fields.Any(f => f.Name == field);

    public byte[] Field(string name) => FieldNamed(name).Of(Bytes).ToArray();

    /// <summary>A field of at most eight bytes as a number.</summary>
    public ulong Number(string name)
    {
        Span<byte> wide = stackalloc byte[8];
        var field = FieldNamed(name).Of(Bytes);
        field.CopyTo(wide[(8 - field.Length)..]);
        return BinaryPrimitives.ReadUInt64BigEndian(wide);
    }

    public override string ToString() => PacketText.Of(this);

    private PacketField FieldNamed(string name) =>
        Fields.FirstOrDefault(f => f.Name == name) is { Name: not null } field
            ? field
            : throw new InvalidOperationException($"the packet has no {name}; it has {string.Join(", ", Fields.Select(f => f.Name))}");
}
