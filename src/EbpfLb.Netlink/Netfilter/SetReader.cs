using System.Buffers.Binary;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Netfilter;

/// <summary>What the sets and maps hold that rules name.</summary>
internal sealed class SetReader(NetlinkSocket socket)
{
    /// <summary>NFT_MSG_GETSETELEM.</summary>
    private const MessageType GetElements = (MessageType)0xa0d;

    /// <summary>NFTA_SET_ELEM_LIST_TABLE, _SET and _ELEMENTS.</summary>
    private const int ListTable = 1, ListSet = 2, ListElements = 3;

    /// <summary>NFTA_SET_ELEM_KEY, _DATA, _FLAGS and _KEY_END.</summary>
    private const int Key = 1, Data = 2, Flags = 3, KeyEnd = 10;

    /// <summary>NFT_SET_ELEM_INTERVAL_END and NFT_SET_ELEM_CATCHALL.</summary>
    private const uint IntervalEnd = 1, CatchAll = 2;

    private readonly Dictionary<(string, string, string), List<Element>?> known = [];

    /// <summary>The rule with values in the place of names.</summary>
    public IEnumerable<NetfilterRule> Resolve(NetfilterRule rule)
    {
        var plain = rule with { Conditions = [.. rule.Conditions.Select(c => Resolve(rule, c))], Map = null };
        if (rule.Map is not { } map) return [plain];
        if (Find(rule, map) is not { } elements) return [plain with { Verdict = RuleVerdict.Other }];
        return elements.Select(e => plain with
        {
            Conditions = [.. plain.Conditions, ConditionOf(rule.MapField, [e], isInverted: false)], Verdict = e.Verdict, Target = e.Target,
        });
    }

    public static NetfilterRule Unknown(NetfilterRule rule) => rule with
    {
        Conditions = [.. rule.Conditions.Select(c => c.Set is null ? c : RuleCondition.Unknown)], Map = null,
        Verdict = rule.Map is null ? rule.Verdict : RuleVerdict.Other,
    };

    private RuleCondition Resolve(NetfilterRule rule, RuleCondition condition) => condition.Set is not { } set ? condition
        : Find(rule, set) is { } elements ? ConditionOf(condition.Field, elements, condition.IsInverted) : RuleCondition.Unknown;

    /// <summary>A key of several fields is longer than the one that is known.</summary>
    private static RuleCondition ConditionOf(RuleField field, List<Element> elements, bool isInverted)
    {
        var bytes = field switch
        {
            RuleField.SourceAddress or RuleField.DestinationAddress => elements.Any(e => e.Range.First.Length == 4) ? 4 : 16,
            RuleField.InputDevice or RuleField.OutputDevice => 16, RuleField.Family or RuleField.Protocol => 1,
            RuleField.DestinationPort => 2, _ => 4,
        };
        return field == RuleField.Other || elements.Any(e => e.IsForAll || e.Range.First.Length != bytes) ? RuleCondition.Unknown
            : new RuleCondition(field, [.. elements.Select(e => e.Range)], isInverted);
    }

    private List<Element>? Find(NetfilterRule rule, string set)
    {
        var key = (rule.Family, rule.Table, set);
        if (known.TryGetValue(key, out var found)) return found;
        try
        {
            var request = MessageBuilder.Create(GetElements, new NetfilterBody { Family = NetfilterReader.NumberOf(rule.Family) })
                .Add(ListTable, rule.Table).Add(ListSet, set);
            found = Intervals([.. socket.Dump(request, "read a set of netfilter", ElementsOf).SelectMany(e => e)]);
        }
        catch (NetlinkException)
        {
            // It went with its rule meanwhile.
            found = null;
        }
        return known[key] = found;
    }

    private static List<Element> ElementsOf(NetlinkMessage message)
    {
        List<Element> found = [];
        var attributes = message.Attributes<NetfilterBody>();
        while (attributes.MoveNext())
        {
            if (attributes.Type != ListElements) continue;
            var list = attributes.Nested;
            while (list.MoveNext()) found.Add(ElementOf(ExpressionParser.Attributes(list.Value)));
        }
        return found;
    }

    private static Element ElementOf(Dictionary<int, byte[]> a)
    {
        var key = ExpressionParser.ValueOf(a.GetValueOrDefault(Key, []));
        var last = a.TryGetValue(KeyEnd, out var end) ? ExpressionParser.ValueOf(end) : key;
        var (verdict, target) = a.TryGetValue(Data, out var data) ? ExpressionParser.VerdictOf(data) : default;
        var flags = a.TryGetValue(Flags, out var f) ? BinaryPrimitives.ReadUInt32BigEndian(f) : 0;
        return new Element(new ByteRange(key, last), verdict, target, (flags & IntervalEnd) != 0, (flags & CatchAll) != 0);
    }

    /// <summary>Of a set of intervals the kernel has where each begins, and where each has ended.</summary>
    private static List<Element> Intervals(List<Element> elements)
    {
        if (!elements.Any(e => e.IsEnd)) return elements;
        List<Element> found = [];
        var sorted = elements.Where(e => !e.IsForAll).ToList();
        sorted.Sort((a, b) => a.Range.First.AsSpan().SequenceCompareTo(b.Range.First) is not 0 and var order ? order
            : b.IsEnd.CompareTo(a.IsEnd));
        for (var i = 0; i < sorted.Count; i++)
        {
            if (sorted[i].IsEnd) continue;
            var last = new byte[sorted[i].Range.First.Length];
            last.AsSpan().Fill(0xff);
            if (i + 1 < sorted.Count) last = Before(sorted[i + 1].Range.First);
            found.Add(sorted[i] with { Range = new ByteRange(sorted[i].Range.First, last) });
        }
        return [.. found, .. elements.Where(e => e.IsForAll)];
    }

    private static byte[] Before(byte[] value)
    {
        var result = (byte[])value.Clone();
        for (var i = result.Length - 1; i >= 0 && result[i]-- == 0; i--)
        {
            // 0 became 255: one less of the byte before.
        }
        return result;
    }

    private sealed record Element(ByteRange Range, RuleVerdict Verdict, string? Target, bool IsEnd, bool IsForAll);
}
