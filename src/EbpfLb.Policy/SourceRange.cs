using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>Addresses that share their first bits.</summary>
/// <param name="Prefix">With all bits behind <paramref name="Length"/> 0.</param>
/// <param name="Length">Bits of the address in its own family: at most 32 for IPv4, 128 for IPv6.</param>
public readonly record struct SourceRange(IpAddress Prefix, byte Length) : IComparable<SourceRange>
{
    public int CompareTo(SourceRange other)
    {
        var byPrefix = Prefix.CompareTo(other.Prefix);
        return byPrefix != 0 ? byPrefix : Length.CompareTo(other.Length);
    }

    /// <summary>"10.0.0.0/8" or "fd00::/64".</summary>
    public override string ToString() => $"{Prefix}/{Length}";
}
