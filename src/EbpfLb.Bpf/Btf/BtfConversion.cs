namespace EbpfLb.Bpf.Btf;

/// <summary>
/// How bytes of a type in one layout become those of it in another: members of the same name and place in their structs are copied, as many
/// bytes as both have (numbers of BTF's little-endian machines grow and shrink at their end), what only the new one has is 0, and what only
/// the old one had is lost.
/// </summary>
public sealed class BtfConversion
{
    /// <summary>As LB_RECAST_NONE (bpf/lib/lb_recast.h).</summary>
    public const byte Nowhere = 0xff;

    private readonly List<(int From, int To, int Length)> moves = [];

    private BtfConversion()
    {
    }

    /// <param name="from">Types of those who wrote the bytes.</param>
    /// <param name="fromId">The type in them.</param>
    /// <param name="to">Types of those who will read them.</param>
    /// <param name="toId">The type in them.</param>
    public static BtfConversion Between(BtfTypes from, uint fromId, BtfTypes to, uint toId)
    {
        var conversion = new BtfConversion();
        var old = Fields(from, fromId).DistinctBy(field => field.Path).ToDictionary(field => field.Path);
        foreach (var (path, offset, size) in Fields(to, toId))
        {
            if (old.TryGetValue(path, out var there)) conversion.moves.Add((there.Offset, offset, Math.Min(size, there.Size)));
        }
        return conversion;
    }

    /// <summary>Fills <paramref name="to"/>, all of it.</summary>
    public void Convert(ReadOnlySpan<byte> from, Span<byte> to)
    {
        to.Clear();
        foreach (var (start, target, length) in moves) from.Slice(start, length).CopyTo(to[target..]);
    }

    /// <summary>
    /// For each byte of the new layout its place in the old one; <see cref="Nowhere"/>: the old one does not have it. For programs that
    /// convert.
    /// </summary>
    /// <param name="size">Of the new layout, or more.</param>
    public byte[] Places(int size)
    {
        var places = new byte[size];
        Array.Fill(places, Nowhere);
        foreach (var (start, target, length) in moves)
        {
            for (var i = 0; i < length; i++) places[target + i] = checked((byte)(start + i));
        }
        return places;
    }

    /// <summary>
    /// Members that are no structs themselves, by their way through the structs. An array is one, a union of members at one place several.
    /// </summary>
    private static IEnumerable<(string Path, int Offset, int Size)> Fields(BtfTypes types, uint id, string path = "", int offset = 0)
    {
        if (types.Resolve(id) is not BtfStruct structure)
        {
            yield return (path, offset, (int)types.SizeOf(id));
            yield break;
        }
        foreach (var member in structure.Members)
        {
            if (member.BitSize != 0) throw new BpfException(
                Errno.LibbpfFormat, "convert", $"{structure.Name}.{member.Name} is a bit field, which no map of ours has");
            foreach (var field in Fields(types, member.TypeId, $"{path}.{member.Name}", offset + (int)(member.BitOffset / 8)))
                yield return field;
        }
    }
}
