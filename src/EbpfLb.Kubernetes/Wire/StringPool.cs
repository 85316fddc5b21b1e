using System.Text;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>
/// Shares strings that repeat (namespaces, node names, zones, port names). Bounded: a slot per hash value, the newest
/// string wins its slot, so a flood of different strings costs sharing and never memory. Safe for several threads:
/// a slot is one reference, and the worst a race does is to keep two equal strings.
/// </summary>
/// <param name="slots">How many strings are remembered at most; rounded up to a power of two.</param>
internal sealed class StringPool(int slots = 8192)
{
    /// <summary>Longest string worth sharing, in UTF-8 bytes: a DNS label has 63, namespaces and zones are such.</summary>
    private const int LongestShared = 64;

    private readonly string?[] table = new string?[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)slots)];

    /// <summary>Returns the string for these UTF-8 bytes, the same reference as the last time when it is still remembered.</summary>
    public string Share(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty) return "";
        if (utf8.Length > LongestShared) return Encoding.UTF8.GetString(utf8);
        Span<char> chars = stackalloc char[LongestShared];
        return Share((ReadOnlySpan<char>)chars[..Encoding.UTF8.GetChars(utf8, chars)]);
    }

    /// <summary>The same for characters.</summary>
    public string Share(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return "";
        ref var slot = ref table[(int)(Hash(text) & (uint)(table.Length - 1))];
        var known = slot;
        if (known is not null && text.SequenceEqual(known)) return known;
        return slot = text.ToString();
    }

    /// <summary>FNV-1a: which strings share a slot is the same in every process, unlike with string.GetHashCode.</summary>
    private static uint Hash(ReadOnlySpan<char> text)
    {
        var hash = 2166136261;
        foreach (var c in text) hash = (hash ^ c) * 16777619;
        return hash;
    }
}
