using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Netfilter;

/// <summary>NFT_MSG_NEWRULE: where a rule is, and what it does to source ports.</summary>
internal static class RuleParser
{
    private const int RuleTable = 1, RuleChain = 2, RuleExpressions = 4;
    private const int ExpressionName = 1, ExpressionData = 2;

    /// <summary>"immediate" puts a value into a register.</summary>
    private const int ImmediateRegister = 1, ImmediateData = 2, DataValue = 1;

    /// <summary>"masq" and "nat" take ports from registers.</summary>
    private const int MasqueradeFlags = 1, MasqueradeMin = 2, MasqueradeMax = 3;
    private const int NatType = 1, NatMin = 5, NatMax = 6, NatFlags = 7, NatSource = 0;

    /// <summary>"target" is an extension of iptables with a struct of its own.</summary>
    private const int TargetName = 1, TargetInfo = 3;

    /// <summary>NF_NAT_RANGE_PROTO_SPECIFIED, and PROTO_RANDOM with PROTO_RANDOM_FULLY.</summary>
    private const uint HasPorts = 2, Random = 4 | 16;

    /// <summary>struct nf_nat_ipv4_multi_range_compat: a count, flags, two addresses, two ports.</summary>
    private const int Flags4 = 4, Ports4 = 16, Bytes4 = 20;

    /// <summary>struct nf_nat_range: flags, two addresses, two ports.</summary>
    private const int Ports6 = 36, Bytes6 = 40;

    public static NetfilterRule? Parse(NetlinkMessage message)
    {
        string? table = null, chain = null;
        SourceNat? nat = null;
        var expressions = new ExpressionParser();
        var attributes = message.Attributes<NetfilterBody>();
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case RuleTable: table = attributes.Text; break;
                case RuleChain: chain = attributes.Text; break;
                case RuleExpressions:
                    nat = NatOf(attributes.Nested);
                    AddAll(attributes.Nested, expressions);
                    break;
            }
        }
        return table is null || chain is null ? null : new NetfilterRule(NetfilterReader.FamilyOf(message), table, chain, nat)
        {
            Conditions = expressions.Conditions, Verdict = expressions.Verdict, Target = expressions.Target,
            Map = expressions.Map, MapField = expressions.MapField,
        };
    }

    private static void AddAll(AttributeReader list, ExpressionParser expressions)
    {
        while (list.MoveNext())
        {
            var parts = ExpressionParser.Attributes(list.Value);
            expressions.Add(
                parts.ContainsKey(ExpressionName) ? ExpressionParser.Text(parts, ExpressionName) : null,
                parts.GetValueOrDefault(ExpressionData, []));
        }
    }

    private static SourceNat? NatOf(AttributeReader expressions)
    {
        var registers = new Dictionary<uint, ushort>();
        SourceNat? nat = null;
        while (expressions.MoveNext())
        {
            string? name = null;
            ReadOnlySpan<byte> data = [];
            var parts = expressions.Nested;
            while (parts.MoveNext())
            {
                if (parts.Type == ExpressionName) name = parts.Text;
                if (parts.Type == ExpressionData) data = parts.Value;
            }
            switch (name)
            {
                case "immediate": Load(new AttributeReader(data), registers); break;
                case "masq": nat = Native(new AttributeReader(data), registers, MasqueradeFlags, MasqueradeMin, MasqueradeMax); break;
                case "nat": nat = SourceOnly(new AttributeReader(data), registers) ?? nat; break;
                case "target": nat = Extension(new AttributeReader(data)) ?? nat; break;
            }
        }
        return nat;
    }

    private static void Load(AttributeReader immediate, Dictionary<uint, ushort> registers)
    {
        uint register = 0;
        ushort? value = null;
        while (immediate.MoveNext())
        {
            if (immediate.Type == ImmediateRegister) register = BigEndian(immediate.Value);
            if (immediate.Type != ImmediateData) continue;
            var data = immediate.Nested;
            while (data.MoveNext())
                if (data.Type == DataValue && data.Value.Length >= sizeof(ushort)) value = BinaryPrimitives.ReadUInt16BigEndian(data.Value);
        }
        if (value is { } port) registers[register] = port;
    }

    private static SourceNat? SourceOnly(AttributeReader nat, Dictionary<uint, ushort> registers)
    {
        var copy = nat;
        while (copy.MoveNext())
            if (copy.Type == NatType && BigEndian(copy.Value) != NatSource) return null;
        return Native(nat, registers, NatFlags, NatMin, NatMax);
    }

    private static SourceNat Native(AttributeReader attributes, Dictionary<uint, ushort> registers, int flags, int min, int max)
    {
        ushort? first = null, last = null;
        var isRandom = false;
        while (attributes.MoveNext())
        {
            var number = BigEndian(attributes.Value);
            if (attributes.Type == flags) isRandom = (number & Random) != 0;
            if (attributes.Type == min && registers.TryGetValue(number, out var low)) first = low;
            if (attributes.Type == max && registers.TryGetValue(number, out var high)) last = high;
        }
        return new SourceNat(first, last ?? first, isRandom);
    }

    private static SourceNat? Extension(AttributeReader target)
    {
        string? name = null;
        ReadOnlySpan<byte> info = [];
        while (target.MoveNext())
        {
            if (target.Type == TargetName) name = target.Text;
            if (target.Type == TargetInfo) info = target.Value;
        }
        if (name is not ("MASQUERADE" or "SNAT")) return null;
        // The struct of IPv6 is twice as long.
        var (flags, ports) = info.Length >= Bytes6 ? (0, Ports6) : (Flags4, Ports4);
        if (info.Length < Bytes4) return new SourceNat(null, null, IsRandom: false);
        var set = MemoryMarshal.Read<uint>(info[flags..]);
        return (set & HasPorts) == 0 ? new SourceNat(null, null, (set & Random) != 0) : new SourceNat(
            BinaryPrimitives.ReadUInt16BigEndian(info[ports..]), BinaryPrimitives.ReadUInt16BigEndian(info[(ports + sizeof(ushort))..]),
            (set & Random) != 0);
    }

    private static uint BigEndian(ReadOnlySpan<byte> value)
        => value.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32BigEndian(value) : 0;
}
