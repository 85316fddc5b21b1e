namespace EbpfLb.Netlink.Netfilter;

/// <summary>What of a packet a rule looks at.</summary>
public enum RuleField
{
    /// <summary>Something that is not looked into here.</summary>
    Other,

    /// <summary>4 or 16 bytes, as in the packet.</summary>
    SourceAddress,

    /// <summary>4 or 16 bytes, as in the packet.</summary>
    DestinationAddress,

    /// <summary>A name, with zeros up to 16 bytes.</summary>
    InputDevice,

    /// <summary>A name, with zeros up to 16 bytes.</summary>
    OutputDevice,

    /// <summary>The index of the device, in host order.</summary>
    InputIndex,

    /// <summary>The index of the device, in host order.</summary>
    OutputIndex,

    /// <summary>NFPROTO_IPV4 (2) or NFPROTO_IPV6 (10), a byte.</summary>
    Family,

    /// <summary>IPPROTO_..., a byte.</summary>
    Protocol,

    /// <summary>Two bytes, as in the packet.</summary>
    DestinationPort,

    /// <summary>NF_CT_STATE_BIT of nf_conntrack_common.h: 1 invalid, 2 established, 4 related, 8 new, 64 untracked.</summary>
    State,

    /// <summary>IPS_... of linux/netfilter/nf_conntrack_common.h.</summary>
    Status,

    /// <summary>skb->mark, in host order.</summary>
    Mark,

    /// <summary>What the destination is to routing: XT_ADDRTYPE_... of linux/netfilter/xt_addrtype.h, such as 2 unicast, 4 local.</summary>
    DestinationType,
}

/// <summary>Bytes that are compared as a number whose first byte is the highest.</summary>
public sealed record ByteRange(byte[] First, byte[] Last)
{
    /// <summary>Of the same length, and all of it within this one.</summary>
    public bool Covers(ByteRange other) => other.First.Length == First.Length
        && First.AsSpan().SequenceCompareTo(other.First) <= 0 && Last.AsSpan().SequenceCompareTo(other.Last) >= 0;

    /// <summary>Of the same length, and something in common.</summary>
    public bool Overlaps(ByteRange other) => other.First.Length == First.Length
        && First.AsSpan().SequenceCompareTo(other.Last) <= 0 && Last.AsSpan().SequenceCompareTo(other.First) >= 0;
}

/// <summary>One thing that a rule asks of a packet; all of a rule's have to be so.</summary>
/// <param name="Values">One of them, unless there is a <see cref="Mask"/>.</param>
/// <param name="IsInverted">None of them.</param>
public sealed record RuleCondition(RuleField Field, IReadOnlyList<ByteRange> Values, bool IsInverted = false)
{
    /// <summary>Bits that are looked at, in host order: they are those of <see cref="Bits"/>; null: values are compared.</summary>
    public uint? Mask { get; init; }

    /// <summary>What the bits of <see cref="Mask"/> have to be.</summary>
    public uint Bits { get; init; }

    /// <summary>The name of a set that has the values; read apart.</summary>
    internal string? Set { get; init; }

    /// <summary>What is not looked into.</summary>
    public static RuleCondition Unknown { get; } = new(RuleField.Other, []);

    /// <summary>What no packet is that begins or answers a connection.</summary>
    public static RuleCondition Never { get; } = new(RuleField.Protocol, []);

    /// <summary>Some of these bits are set.</summary>
    public static RuleCondition AnyOf(RuleField field, uint bits, bool isInverted)
        => new(field, [], !isInverted) { Mask = bits, Bits = 0 };
}

/// <summary>How a rule ends for a packet that it matches.</summary>
public enum RuleVerdict
{
    /// <summary>The next rule is looked at.</summary>
    None,

    /// <summary>It passes this base chain.</summary>
    Accept,

    /// <summary>It is dropped.</summary>
    Drop,

    /// <summary>It is dropped, and its sender is told.</summary>
    Reject,

    /// <summary>Another chain, then the next rule.</summary>
    Jump,

    /// <summary>Another chain, then what called this one.</summary>
    Goto,

    /// <summary>Back to what called this chain; in a base chain its policy.</summary>
    Return,

    /// <summary>Something else decides (a queue to a program).</summary>
    Other,
}
