using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using EbpfLb.Netlink.Netfilter;

namespace EbpfLb.Agent.Firewall;

/// <summary>Whether a rule is for a packet.</summary>
internal enum Match
{
    /// <summary>For none of those that are meant.</summary>
    Never,

    /// <summary>For some, or it cannot be judged.</summary>
    Maybe,

    /// <summary>For all of them.</summary>
    Always,
}

/// <summary>
/// First packets of TCP connections, or answers to them, as netfilter sees them behind the programs at devices: to or from a backend's
/// address, without a translation of netfilter's own and without kube-proxy's mark.
/// </summary>
/// <param name="Destination">Addresses that they go to; null: not known, or those of clients outside.</param>
/// <param name="Port">That they go to; null: any.</param>
internal sealed record NewConnection(AddressFamily Family, NetfilterHook Hook, ByteRange? Destination, ushort? Port)
{
    private const byte Tcp = 6, IcmpV6 = 58, Ip4 = 2, Ip6 = 10;

    /// <summary>IPS_EXPECTED, IPS_SEEN_REPLY, IPS_ASSURED, IPS_SRC_NAT and IPS_DST_NAT: none is set; in answers the second is.</summary>
    private const uint KnownStatus = 0x37, Assured = 4, SeenReply = 2;

    /// <summary>NF_CT_STATE_BIT(IP_CT_NEW), and of IP_CT_ESTABLISHED; NF_CT_STATE_UNTRACKED_BIT.</summary>
    private const uint New = 8, Established = 2, Untracked = 64;

    /// <summary>XT_ADDRTYPE_UNICAST and XT_ADDRTYPE_LOCAL.</summary>
    private const uint Unicast = 2, Local = 4;

    /// <summary>KUBE-MARK-MASQ and KUBE-MARK-DROP set these in the table nat, which no packet of ours has a rule in.</summary>
    private const uint KubeMarks = 0x4000 | 0x8000;

    /// <summary>Devices that they come by, by name and index; empty: not known.</summary>
    public IReadOnlyList<(string Name, int Index)> Inputs { get; init; } = [];

    /// <summary>Devices that they leave by; empty: not known, or none.</summary>
    public IReadOnlyList<(string Name, int Index)> Outputs { get; init; } = [];

    /// <summary>Addresses that they come from; null: clients outside, which have none of <see cref="NotOutside"/>.</summary>
    public ByteRange? Source { get; init; }

    /// <summary>Ranges that no client outside has an address of.</summary>
    public IReadOnlyList<ByteRange> NotOutside { get; init; } = [];

    /// <summary>They answer what netfilter has let pass, and do not begin a connection.</summary>
    public bool IsAnswer { get; init; }

    /// <summary>
    /// They are no connection, but ask for a neighbour's link address (RFC 4861), which nf_conntrack does not follow
    /// (net/netfilter/nf_conntrack_proto_icmpv6.c).
    /// </summary>
    public bool IsSolicitation { get; init; }

    /// <summary>"ip" or "ip6", as tables are called.</summary>
    public string FamilyName => Family == AddressFamily.InterNetwork ? "ip" : "ip6";

    public static ByteRange RangeOf(IPNetwork network)
    {
        var (first, last) = (network.BaseAddress.GetAddressBytes(), network.BaseAddress.GetAddressBytes());
        for (var bit = network.PrefixLength; bit < last.Length * 8; bit++) last[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return new ByteRange(first, last);
    }

    public static ByteRange RangeOf(IPAddress address) => new(address.GetAddressBytes(), address.GetAddressBytes());

    public Match Of(IEnumerable<RuleCondition> conditions)
        => conditions.Select(Of).Append(Match.Always).Min();

    private Match Of(RuleCondition condition)
    {
        if (condition.Mask is { } mask) return Invert(OfBits(condition, mask), condition.IsInverted);
        return Invert(condition.Field switch
        {
            RuleField.Family => OfValue(condition, [Family == AddressFamily.InterNetwork ? Ip4 : Ip6]),
            RuleField.Protocol => OfValue(condition, [IsSolicitation ? IcmpV6 : Tcp]),
            RuleField.State => OfValue(condition, Host(State)),
            RuleField.DestinationAddress => Destination is { } range ? OfRange(condition, range)
                : condition.Values.Any(v => v.First.Length == AddressBytes && !IsInside(v)) ? Match.Maybe : Match.Never,
            RuleField.SourceAddress => OfSource(condition),
            RuleField.DestinationPort => Port is { } port ? OfValue(condition, [(byte)(port >> 8), (byte)port]) : Match.Maybe,
            RuleField.InputDevice => OfDevices(condition, Inputs.Select(d => Name(d.Name))),
            RuleField.OutputDevice => OfDevices(condition, Outputs.Select(d => Name(d.Name))),
            RuleField.InputIndex => OfDevices(condition, Inputs.Select(d => Host((uint)d.Index))),
            RuleField.OutputIndex => OfDevices(condition, Outputs.Select(d => Host((uint)d.Index))),
            RuleField.Mark when condition.Values.All(v => (BitConverter.ToUInt32(v.First) & ~KubeMarks) == 0
                && BitConverter.ToUInt32(v.First) != 0) => Match.Never,
            _ => Match.Maybe,
        }, condition.IsInverted && condition.Field != RuleField.Other);
    }

    private int AddressBytes => Family == AddressFamily.InterNetwork ? 4 : 16;

    private uint State => IsSolicitation ? Untracked : IsAnswer ? Established : New;

    private Match OfBits(RuleCondition condition, uint mask) => condition.Field switch
    {
        RuleField.State => Always((State & mask) == condition.Bits),
        RuleField.Status when (mask & ~(IsAnswer ? KnownStatus & ~Assured : KnownStatus)) == 0
            => Always(((IsAnswer ? SeenReply : 0) & mask) == condition.Bits),
        RuleField.DestinationType => Always(((Hook == NetfilterHook.Input ? Local : Unicast) & mask) == condition.Bits),
        RuleField.Mark when (mask & ~KubeMarks) == 0 => Always(condition.Bits == 0),
        _ => Match.Maybe,
    };

    private static Match OfValue(RuleCondition condition, byte[] value)
        => Always(condition.Values.Any(v => v.Covers(new ByteRange(value, value))));

    private static Match OfRange(RuleCondition condition, ByteRange range) => condition.Values.Any(v => v.Covers(range)) ? Match.Always
        : condition.Values.Any(v => v.Overlaps(range)) ? Match.Maybe : Match.Never;

    private bool IsInside(ByteRange range) => NotOutside.Any(n => n.Covers(range));

    /// <summary>Clients are anywhere outside: their family is known, and that they have no address of this machine or of pods.</summary>
    private Match OfSource(RuleCondition condition)
    {
        var own = condition.Values.Where(v => v.First.Length == AddressBytes).ToList();
        if (Source is { } range) return OfRange(condition, range);
        return own.All(v => IsLoopback(v) || IsInside(v)) ? Match.Never
            : own.Any(v => v.First.All(b => b == 0) && v.Last.All(b => b == 0xff)) ? Match.Always : Match.Maybe;
    }

    private static bool IsLoopback(ByteRange range) => range.First.Length == 4 ? range.First[0] == 127 && range.Last[0] == 127
        : range.Covers(RangeOf(IPAddress.IPv6Loopback)) && RangeOf(IPAddress.IPv6Loopback).Covers(range);

    private static Match OfDevices(RuleCondition condition, IEnumerable<byte[]> devices)
    {
        var found = devices.Select(d => OfValue(condition, d)).ToList();
        return found.Count == 0 ? Match.Maybe : found.All(m => m == found[0]) ? found[0] : Match.Maybe;
    }

    private static Match Always(bool isSo) => isSo ? Match.Always : Match.Never;

    private static Match Invert(Match match, bool isInverted)
        => !isInverted || match == Match.Maybe ? match : match == Match.Always ? Match.Never : Match.Always;

    private static byte[] Name(string name)
    {
        var bytes = new byte[16];
        Encoding.UTF8.GetBytes(name).AsSpan(0, Math.Min(Encoding.UTF8.GetByteCount(name), 15)).CopyTo(bytes);
        return bytes;
    }

    private static byte[] Host(uint value) => MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)).ToArray();
}
