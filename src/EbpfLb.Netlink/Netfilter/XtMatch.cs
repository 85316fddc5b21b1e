using System.Runtime.InteropServices;

namespace EbpfLb.Netlink.Netfilter;

/// <summary>Extensions of iptables that a rule of nf_tables can ask by: structs of linux/netfilter/xt_*.h.</summary>
internal static class XtMatch
{
    /// <summary>XT_CONNTRACK_STATE and XT_CONNTRACK_STATUS.</summary>
    private const int AsksState = 1, AsksStatus = 1 << 6;

    /// <summary>Invalid, established, related and new, which have these bits in nf_tables too. Others begin no connection.</summary>
    private const uint States = 0xf;

    /// <summary>struct xt_conntrack_mtinfo3: eight addresses, two times and five ports come before.</summary>
    private const int Flags = 146, Inverted = 148, StateMask = 150, StatusMask = 152;

    public static IEnumerable<RuleCondition> Parse(string name, uint revision, byte[] info) => name switch
    {
        "comment" => [],
        // A routing header (xt_rt.h), which IPv6 packets of TCP and UDP have where an application asks for one.
        "rt" => [RuleCondition.Never],
        "addrtype" when info.Length >= 8 && Half(info, 0) == 0 && AddressFlags(revision, info) is var (isInverted, isPlain) && isPlain
            => [RuleCondition.AnyOf(RuleField.DestinationType, Half(info, 2), isInverted)],
        "conntrack" when revision >= 2 && info.Length >= StatusMask + 2 => Conntrack(info),
        "state" when info.Length >= 4 => [RuleCondition.AnyOf(RuleField.State, MemoryMarshal.Read<uint>(info) & States, false)],
        "mark" when revision == 1 && info.Length >= 9 => [new RuleCondition(RuleField.Mark, [], info[8] != 0)
        {
            Bits = MemoryMarshal.Read<uint>(info), Mask = MemoryMarshal.Read<uint>(info.AsSpan(4)),
        }],
        "tcp" when info.Length >= 12 => Ports(info, info[11], hasMore: info[9] != 0),
        "udp" when info.Length >= 9 => Ports(info, info[8], hasMore: false),
        "multiport" when revision == 1 && info.Length >= 48 && info[0] == 1 => [Multiport(info)],
        _ => [RuleCondition.Unknown],
    };

    private static IEnumerable<RuleCondition> Conntrack(byte[] info)
    {
        int asks = Half(info, Flags), inverted = Half(info, Inverted);
        if ((asks & AsksState) != 0)
            yield return RuleCondition.AnyOf(RuleField.State, Half(info, StateMask) & States, (inverted & AsksState) != 0);
        if ((asks & AsksStatus) != 0)
            yield return RuleCondition.AnyOf(RuleField.Status, Half(info, StatusMask), (inverted & AsksStatus) != 0);
        if ((asks & ~(AsksState | AsksStatus)) != 0) yield return RuleCondition.Unknown;
    }

    /// <summary>struct xt_tcp and struct xt_udp: source ports, destination ports, both in host order; 2 of the last byte inverts.</summary>
    private static IEnumerable<RuleCondition> Ports(byte[] info, byte inverted, bool hasMore)
    {
        if (Half(info, 4) != 0 || Half(info, 6) != ushort.MaxValue)
            yield return new RuleCondition(RuleField.DestinationPort, [new(Net(Half(info, 4)), Net(Half(info, 6)))], (inverted & 2) != 0);
        if (Half(info, 0) != 0 || Half(info, 2) != ushort.MaxValue || hasMore) yield return RuleCondition.Unknown;
    }

    /// <summary>
    /// struct xt_multiport_v1 for destinations: a count, 15 ports in host order, whether each begins a range, and whether it is inverted.
    /// </summary>
    private static RuleCondition Multiport(byte[] info)
    {
        List<ByteRange> ports = [];
        for (var i = 0; i < Math.Min((int)info[1], 15); i++)
        {
            var first = Half(info, 2 + (2 * i));
            if (info[32 + i] != 0 && i < 14) i++;
            ports.Add(new ByteRange(Net(first), Net(Half(info, 2 + (2 * i)))));
        }
        return new RuleCondition(RuleField.DestinationPort, ports, info[47] != 0);
    }

    /// <summary>
    /// struct xt_addrtype_info_v1: types of source and destination, then flags (2: the destination's are inverted; 4 and 8: by a device).
    /// In revision 0 whether the source's and the destination's are inverted.
    /// </summary>
    private static (bool IsInverted, bool IsPlain) AddressFlags(uint revision, byte[] info)
    {
        var flags = MemoryMarshal.Read<uint>(info.AsSpan(4));
        return revision == 0 ? (info.Length >= 12 && MemoryMarshal.Read<uint>(info.AsSpan(8)) != 0, flags == 0)
            : ((flags & 2) != 0, (flags & ~2u) == 0);
    }

    private static byte[] Net(ushort port) => [(byte)(port >> 8), (byte)port];

    private static ushort Half(byte[] info, int at) => MemoryMarshal.Read<ushort>(info.AsSpan(at));
}
