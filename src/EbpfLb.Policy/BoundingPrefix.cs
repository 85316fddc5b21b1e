using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>One range of addresses a family; null: none of the family.</summary>
public readonly record struct BoundingPrefix(SourceRange? IPv4, SourceRange? IPv6)
{
    public static BoundingPrefix None { get; }

    /// <summary>The smallest that holds the range too.</summary>
    public BoundingPrefix With(SourceRange range) => range.Prefix.Family == IpFamily.IPv4
        ? this with { IPv4 = IPv4 is { } held ? held.Cover(range) : range }
        : this with { IPv6 = IPv6 is { } other ? other.Cover(range) : range };

    /// <summary>The smallest that holds the address too.</summary>
    public BoundingPrefix With(IpAddress address) => With(SourceRange.Only(address));

    /// <summary>The smallest that holds all of the ranges too.</summary>
    public BoundingPrefix With(ValueList<SourceRange> ranges)
    {
        var all = this;
        foreach (var range in ranges) all = all.With(range);
        return all;
    }

    /// <summary>The smallest that holds both.</summary>
    public BoundingPrefix With(BoundingPrefix other)
    {
        var all = this;
        if (other.IPv4 is { } four) all = all.With(four);
        if (other.IPv6 is { } six) all = all.With(six);
        return all;
    }

    /// <summary>"10.96.0.0/12 and fd00::/112", or "nothing".</summary>
    public override string ToString() => (IPv4, IPv6) switch
    {
        (null, null) => "nothing",
        ({ } four, { } six) => $"{four} and {six}",
        _ => (IPv4 ?? IPv6).ToString()!,
    };
}
