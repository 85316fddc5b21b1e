using EbpfLb.Model;

namespace EbpfLb.Datapath.Node;

/// <summary>
/// On which of the node's addresses NodePorts answer (docs/contract.md 4.1). Unset: on all. A family of which the list has no
/// range is open too, as in kube-proxy; "primary" speaks for both families.
/// </summary>
public sealed record NodePortAddresses
{
    private const string PrimaryWord = "primary";

    private static readonly SourceRange Loopback4 = SourceRange.Parse("127.0.0.0/8");
    private static readonly SourceRange Loopback6 = SourceRange.Parse("::1/128");
    private static readonly IpAddress Localhost4 = IpAddress.Parse("127.0.0.1");

    private NodePortAddresses(ValueList<SourceRange> ranges, bool primary)
    {
        Ranges = ranges;
        Primary = primary;
    }

    public static NodePortAddresses Unset { get; } = new([], false);

    /// <summary>In the order given; words that stand for ranges are replaced by them.</summary>
    public ValueList<SourceRange> Ranges { get; }

    /// <summary>The addresses of the Node object.</summary>
    public bool Primary { get; }

    /// <summary>
    /// 127.0.0.1 answers only where a range names it: one that holds everything, or none of the family, does not (nftables of kube-proxy).
    /// </summary>
    public bool LoopbackWhereNamed { get; init; }

    private bool IsUnset => !Primary && Ranges.IsEmpty;

    /// <param name="text">Ranges and words, separated by commas; empty: unset.</param>
    /// <exception cref="FormatException">Names everything that is neither.</exception>
    public static NodePortAddresses Parse(string text)
    {
        List<SourceRange> ranges = [];
        List<string> wrong = [];
        var primary = false;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == PrimaryWord) primary = true;
            else if (part == "localhost") ranges.AddRange([Loopback4, Loopback6]);
            else if (part == "all") ranges.AddRange([SourceRange.Parse("0.0.0.0/0"), SourceRange.Parse("::/0")]);
            else if (SourceRange.TryParse(part, out var range)) ranges.Add(range);
            else wrong.Add($"'{part}'");
        }
        if (wrong.Count == 0) return new NodePortAddresses(ranges.ToValueList(), primary);
        throw new FormatException($"{string.Join(", ", wrong)} is no range of addresses; give some such as "
            + $"10.0.0.0/8,fd00::/8, or {PrimaryWord}, localhost or all");
    }

    /// <param name="address">One of the node's.</param>
    /// <param name="primaries">Those of the Node object.</param>
    public bool Allow(IpAddress address, IReadOnlyCollection<IpAddress> primaries)
        => IsOpen(address.Family) || Ranges.Any(r => r.Contains(address)) || (Primary && primaries.Contains(address));

    /// <summary>Every address of the family is meant, whatever the node has.</summary>
    public bool MatchAll(IpFamily family) => IsOpen(family) || Ranges.Any(r => r.Prefix.Family == family && r.Length == 0);

    /// <summary>127.0.0.1 is among them, and stands for all of 127.0.0.0/8; see <see cref="LoopbackWhereNamed"/>.</summary>
    public bool AllowLoopback4
        => LoopbackWhereNamed ? Names(Localhost4) : IsOpen(IpFamily.IPv4) || Ranges.Any(r => r.Contains(Localhost4));

    /// <summary>::1 is named: it never answers in kube-proxy, so "all" does not mean it.</summary>
    public bool NameLoopback6 => Names(Loopback6.Prefix);

    public override string ToString()
        => IsUnset ? "all" : string.Join(',', Ranges.Select(r => r.ToString()).Concat(Primary ? [PrimaryWord] : []));

    private bool Names(IpAddress loopback) => Ranges.Any(r => r.Length > 0 && r.Contains(loopback));

    private bool IsOpen(IpFamily family) => !Primary && !Ranges.Any(r => r.Prefix.Family == family);
}
