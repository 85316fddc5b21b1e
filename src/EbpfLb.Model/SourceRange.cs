namespace EbpfLb.Model;

/// <summary>Addresses that share their first bits.</summary>
public readonly record struct SourceRange : IComparable<SourceRange>
{
    /// <summary>The range that the address is in; bits behind the length are dropped.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More bits than an address of the family has.</exception>
    public SourceRange(IpAddress address, byte length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, BitsOf(address.Family));
        Prefix = address.FirstBits(length);
        Length = length;
    }

    /// <summary>The first address; all bits behind <see cref="Length"/> are 0.</summary>
    public IpAddress Prefix { get; }

    /// <summary>Bits of the address in its own family: at most 32 for IPv4, 128 for IPv6.</summary>
    public byte Length { get; }

    /// <summary>The range that holds this address and no other.</summary>
    public static SourceRange Only(IpAddress address) => new(address, BitsOf(address.Family));

    /// <summary>
    /// Reads "address/bits" as Kubernetes does: blanks around it do not count, zeros before a number are decimal
    /// (docs/contract.md 1: 203.0.113.000/025 is a /25), bits of the address behind the length are dropped, and ::ffff:10.0.0.0/104 is
    /// 10.0.0.0/8; one in that form that is wider than IPv4 is one of IPv6.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SourceRange range)
    {
        range = default;
        text = text.Trim();
        var slash = text.IndexOf('/');
        if (slash < 0 || !IpAddress.TryParse(text[..slash], out var address)) return false;
        var digits = text[(slash + 1)..];
        if (digits.Length is 0 or > 6 || digits.ContainsAnyExceptInRange('0', '9')) return false;
        var length = int.Parse(digits);
        if (address.Family == IpFamily.IPv4 && text[..slash].Contains(':'))
        {
            if (length < 96) address = address.FirstBits(length - 96);
            else length -= 96;
        }
        if (length > BitsOf(address.Family)) return false;
        range = new SourceRange(address, (byte)length);
        return true;
    }

    /// <summary>Parses, for literals in code and tests.</summary>
    /// <exception cref="FormatException">Not a range.</exception>
    public static SourceRange Parse(string text) => TryParse(text, out var range)
        ? range
        : throw new FormatException($"'{text}' is not a range of IP addresses");

    /// <summary>Whether the address is one of these; never when it is of the other family.</summary>
    public bool Contains(IpAddress address) => address.Family == Prefix.Family && address.FirstBits(Length) == Prefix;

    /// <summary>The smallest range that holds both, which are of one family.</summary>
    public SourceRange Cover(SourceRange other)
    {
        var length = Math.Min(Length, other.Length);
        while (Prefix.FirstBits(length) != other.Prefix.FirstBits(length)) length--;
        return new SourceRange(Prefix, length);
    }

    public int CompareTo(SourceRange other)
    {
        var byPrefix = Prefix.CompareTo(other.Prefix);
        return byPrefix != 0 ? byPrefix : Length.CompareTo(other.Length);
    }

    /// <summary>"10.0.0.0/8" or "fd00::/64".</summary>
    public override string ToString() => $"{Prefix}/{Length}";

    private static byte BitsOf(IpFamily family) => family == IpFamily.IPv4 ? (byte)32 : (byte)128;
}
