using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.Netfilter;

/// <summary>
/// The expressions of a rule (linux/netfilter/nf_tables.h): what they ask of a packet, and how the rule ends. They compute in registers:
/// one loads a field, a later one compares it.
/// </summary>
internal sealed class ExpressionParser
{
    private const int DeviceNameBytes = 16;

    /// <summary>NFTA_DATA_VALUE and NFTA_DATA_VERDICT; NFTA_VERDICT_CODE and NFTA_VERDICT_CHAIN.</summary>
    private const int DataValue = 1, DataVerdict = 2, VerdictCode = 1, VerdictChain = 2;

    /// <summary>NFT_CMP_EQ ... NFT_CMP_GTE; of a range only the first two.</summary>
    private const uint Equal = 0, NotEqual = 1, Less = 2, LessOrEqual = 3, Greater = 4, GreaterOrEqual = 5;

    /// <summary>These neither decide nor ask, or are read elsewhere.</summary>
    private static readonly HashSet<string> Passive = ["counter", "log", "last", "masq", "nat", "redir", "notrack", "dup", "objref"];

    private readonly Dictionary<uint, Loaded> registers = [];

    public List<RuleCondition> Conditions { get; } = [];

    public RuleVerdict Verdict { get; private set; }

    /// <summary>Of a jump.</summary>
    public string? Target { get; private set; }

    /// <summary>The name of a map that has a verdict for each value of <see cref="MapField"/>; null: none.</summary>
    public string? Map { get; private set; }

    public RuleField MapField { get; private set; }

    /// <param name="data">Attributes of the expression.</param>
    public void Add(string? name, ReadOnlySpan<byte> data)
    {
        var a = Attributes(data);
        switch (name)
        {
            case "payload": Load(a, 1, PayloadField(a)); break;
            case "meta": Load(a, 1, MetaField(Number(a, 2))); break;
            case "ct": Load(a, 1, Number(a, 2) switch { 0 => new(RuleField.State, 4), 2 => new(RuleField.Status, 4), _ => Loaded.Unknown });
                break;
            case "bitwise": Mask(a); break;
            case "cmp": Compare(a); break;
            case "range": Range(a); break;
            case "lookup": LookUp(a); break;
            case "immediate": if (Number(a, 1) == 0) SetVerdict(a.GetValueOrDefault(2, [])); break;
            case "reject": Verdict = RuleVerdict.Reject; break;
            case "queue": Verdict = RuleVerdict.Other; break;
            case "match": Conditions.AddRange(XtMatch.Parse(Text(a, 1), Number(a, 2), a.GetValueOrDefault(3, []))); break;
            case "target":
                if (Text(a, 1) == "REJECT") Verdict = RuleVerdict.Reject;
                else if (Text(a, 1) == "NFQUEUE") Verdict = RuleVerdict.Other;
                break;
            default:
                if (name is not null && Passive.Contains(name)) break;
                registers.Clear();
                Conditions.Add(RuleCondition.Unknown);
                break;
        }
    }

    /// <summary>NFTA_DATA_VERDICT.</summary>
    public static (RuleVerdict Verdict, string? Target) VerdictOf(ReadOnlySpan<byte> data)
    {
        if (!Attributes(data).TryGetValue(DataVerdict, out var nested)) return (RuleVerdict.Other, null);
        var verdict = Attributes(nested);
        return (unchecked((int)Number(verdict, VerdictCode)) switch
        {
            0 => RuleVerdict.Drop, 1 => RuleVerdict.Accept, -1 => RuleVerdict.None, -3 => RuleVerdict.Jump, -4 => RuleVerdict.Goto,
            -5 => RuleVerdict.Return, _ => RuleVerdict.Other,
        }, verdict.ContainsKey(VerdictChain) ? Text(verdict, VerdictChain) : null);
    }

    public static Dictionary<int, byte[]> Attributes(ReadOnlySpan<byte> data)
    {
        Dictionary<int, byte[]> found = [];
        var reader = new AttributeReader(data);
        while (reader.MoveNext()) found[reader.Type] = reader.Value.ToArray();
        return found;
    }

    /// <summary>Of a device: a name, or the beginning of one.</summary>
    public static ByteRange NameRange(ReadOnlySpan<byte> name)
    {
        var end = name.IndexOf((byte)0);
        return Prefix(end < 0 ? name : name[..end], DeviceNameBytes, end < 0 ? (byte)0xff : (byte)0);
    }

    public static byte[] ValueOf(ReadOnlySpan<byte> data) => Attributes(data).GetValueOrDefault(DataValue, []);

    private void SetVerdict(byte[] data) => (Verdict, Target) = VerdictOf(data);

    private void Load(Dictionary<int, byte[]> a, int destination, Loaded field)
    {
        // Without a destination it writes to the packet or to its metadata.
        if (a.ContainsKey(destination)) registers[Number(a, destination)] = field;
    }

    private static Loaded PayloadField(Dictionary<int, byte[]> a) => (Number(a, 2), Number(a, 3), Number(a, 4)) switch
    {
        (1, 12, <= 4) => new(RuleField.SourceAddress, 4), (1, 16, <= 4) => new(RuleField.DestinationAddress, 4),
        (1, 8, > 1 and <= 16) => new(RuleField.SourceAddress, 16), (1, 24, <= 16) => new(RuleField.DestinationAddress, 16),
        (1, 9, 1) or (1, 6, 1) => new(RuleField.Protocol, 1), (2, 2, 2) => new(RuleField.DestinationPort, 2),
        _ => Loaded.Unknown,
    };

    private static Loaded MetaField(uint key) => key switch
    {
        3 => new(RuleField.Mark, 4), 4 => new(RuleField.InputIndex, 4), 5 => new(RuleField.OutputIndex, 4),
        6 => new(RuleField.InputDevice, DeviceNameBytes), 7 => new(RuleField.OutputDevice, DeviceNameBytes),
        15 => new(RuleField.Family, 1), 16 => new(RuleField.Protocol, 1), _ => Loaded.Unknown,
    };

    private void Mask(Dictionary<int, byte[]> a)
    {
        var field = registers.GetValueOrDefault(Number(a, 1), Loaded.Unknown);
        var isMask = a.ContainsKey(4) && field.Mask is null && ValueOf(a.GetValueOrDefault(5, [])).All(b => b == 0);
        registers[Number(a, 2)] = isMask ? field with { Mask = ValueOf(a[4]) } : Loaded.Unknown;
    }

    private void Compare(Dictionary<int, byte[]> a)
    {
        var field = registers.GetValueOrDefault(Number(a, 1), Loaded.Unknown);
        var (op, value) = (Number(a, 2), ValueOf(a.GetValueOrDefault(3, [])));
        if (field.Field == RuleField.Other || value.Length == 0)
        {
            Conditions.Add(RuleCondition.Unknown);
            return;
        }
        if (field.Mask is { } mask && !IsAddress(field.Field))
        {
            Conditions.Add(op <= NotEqual && mask.Length == sizeof(uint) && value.Length == sizeof(uint)
                ? new RuleCondition(field.Field, [], op == NotEqual) { Mask = Host(mask), Bits = Host(value) } : RuleCondition.Unknown);
            return;
        }
        if (field.Field is RuleField.InputDevice or RuleField.OutputDevice)
        {
            Conditions.Add(op <= NotEqual ? new RuleCondition(field.Field, [NameRange(value)], op == NotEqual) : RuleCondition.Unknown);
            return;
        }
        if (value.Length > field.Bytes || (field.Mask is { } bits && !IsPrefix(bits)))
        {
            Conditions.Add(RuleCondition.Unknown);
            return;
        }
        var (first, last) = (Fill(value, field.Bytes, 0), Fill(value, field.Bytes, 0xff));
        if (field.Mask is { } prefix)
            for (var i = 0; i < last.Length && i < prefix.Length; i++) last[i] |= (byte)~prefix[i];
        Conditions.Add(op switch
        {
            Equal or NotEqual => new RuleCondition(field.Field, [new(first, last)], op == NotEqual),
            Less or GreaterOrEqual => new RuleCondition(field.Field, [new(first, Fill([], field.Bytes, 0xff))], op == Less),
            LessOrEqual or Greater => new RuleCondition(field.Field, [new(Fill([], field.Bytes, 0), last)], op == Greater),
            _ => RuleCondition.Unknown,
        });
    }

    private void Range(Dictionary<int, byte[]> a)
    {
        var field = registers.GetValueOrDefault(Number(a, 1), Loaded.Unknown);
        var (first, last) = (ValueOf(a.GetValueOrDefault(3, [])), ValueOf(a.GetValueOrDefault(4, [])));
        Conditions.Add(field.Mask is null && first.Length == field.Bytes && last.Length == field.Bytes
            ? new RuleCondition(field.Field, [new(first, last)], Number(a, 2) == NotEqual) : RuleCondition.Unknown);
    }

    private void LookUp(Dictionary<int, byte[]> a)
    {
        var field = registers.GetValueOrDefault(Number(a, 2), Loaded.Unknown);
        var known = field.Mask is null ? field.Field : RuleField.Other;
        if (a.ContainsKey(3) && Number(a, 3) == 0) (Map, MapField) = (Text(a, 1), known);
        else if (a.ContainsKey(3)) registers.Clear();
        else Conditions.Add(new RuleCondition(known, [], Number(a, 5) != 0) { Set = Text(a, 1) });
    }

    private static bool IsAddress(RuleField field) => field is RuleField.SourceAddress or RuleField.DestinationAddress;

    private static bool IsPrefix(byte[] mask)
    {
        var bits = string.Concat(mask.Select(b => Convert.ToString(b, 2).PadLeft(8, '0')));
        return !bits.Contains("01", StringComparison.Ordinal);
    }

    private static ByteRange Prefix(ReadOnlySpan<byte> value, int bytes, byte fill) => new(Fill(value, bytes, 0), Fill(value, bytes, fill));

    private static byte[] Fill(ReadOnlySpan<byte> value, int bytes, byte fill)
    {
        var all = new byte[bytes];
        all.AsSpan().Fill(fill);
        value[..Math.Min(value.Length, bytes)].CopyTo(all);
        return all;
    }

    private static uint Host(byte[] value) => MemoryMarshal.Read<uint>(value);

    private static uint Number(Dictionary<int, byte[]> a, int attribute)
        => a.TryGetValue(attribute, out var value) && value.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32BigEndian(value) : 0;

    public static string Text(Dictionary<int, byte[]> a, int attribute)
        => a.TryGetValue(attribute, out var value) ? System.Text.Encoding.UTF8.GetString(value.AsSpan().TrimEnd((byte)0)) : "";

    /// <summary>What a register holds.</summary>
    /// <param name="Bytes">Of the whole field, of which the first may be loaded alone.</param>
    private sealed record Loaded(RuleField Field, int Bytes)
    {
        public static Loaded Unknown { get; } = new(RuleField.Other, 0);

        public byte[]? Mask { get; init; }
    }
}
