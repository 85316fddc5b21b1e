using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace EbpfLb.Bpf.Btf;

/// <summary>
/// One text, and its hash, for everything about an object that user space relies on: the layout of the structs, the values
/// of the enums, and the maps with their kinds, types and flags. Sizes of maps and load-time constants are not part of it.
/// </summary>
public static class AbiFingerprint
{
    /// <summary>SHA-256 of <see cref="Describe"/>, 64 lower-case hex digits.</summary>
    /// <param name="types">Types of the object.</param>
    /// <param name="prefix">What the names of the structs, enums and maps that count begin with.</param>
    public static string Compute(BtfTypes types, string prefix) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Describe(types, prefix))));

    /// <summary>
    /// The first eight bytes of a SHA-256 over what maps hold: structs and maps, but no enums. Maps that another version of
    /// the object made can be kept if it has the same value.
    /// </summary>
    /// <param name="types">Types of the object.</param>
    /// <param name="prefix">What the names of the structs and maps that count begin with.</param>
    public static ulong ComputeMaps(BtfTypes types, string prefix)
    {
        var text = new StringBuilder();
        foreach (var type in Roots(types, prefix).OfType<BtfStruct>())
            DescribeStruct(text, type, types, "");
        DescribeMaps(text, types, prefix);
        return BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>The text: one line per type, member and map, in an order that does not depend on the compiler's.</summary>
    public static string Describe(BtfTypes types, string prefix)
    {
        var text = new StringBuilder();
        foreach (var type in Roots(types, prefix))
        {
            if (type is BtfStruct structure)
                DescribeStruct(text, structure, types, "");
            else if (type is BtfEnum enumeration)
                DescribeEnum(text, enumeration);
        }

        DescribeMaps(text, types, prefix);
        return text.ToString();
    }

    /// <summary>What a map holds: names, places and types of all members of key and value.</summary>
    /// <param name="types">Types of the object that declares the map, or of the kernel that has it.</param>
    /// <param name="key">Type of the key; 0: none.</param>
    /// <param name="value">Type of the value; 0: none.</param>
    public static string DescribeMap(BtfTypes types, uint key, uint value)
    {
        var text = new StringBuilder();
        var seen = new HashSet<BtfType>(ReferenceEqualityComparer.Instance);
        foreach (var id in (uint[])[key, value])
        {
            text.Append($"{(id == 0 ? "" : NameOf(id, types))}\n");
            if (id != 0) Describe(id);
        }
        return text.ToString();

        void Describe(uint id)
        {
            switch (types.Resolve(id))
            {
                case BtfArray array:
                    Describe(array.TypeId);
                    break;
                case BtfStruct structure when seen.Add(structure):
                    DescribeStruct(text, structure, types, "");
                    foreach (var member in structure.Members) Describe(member.TypeId);
                    break;
            }
        }
    }

    /// <summary>What <see cref="Roots"/> looks for on a struct whose members cross to user space though no map holds them.</summary>
    public const string Tag = "abi";

    /// <summary>
    /// The structs and enums that cross to user space, by name: those whose name has the prefix and that a map holds, or a
    /// struct with the btf_decl_tag "abi". What programs only hand to their own functions is in BTF too and is nobody else's.
    /// </summary>
    public static IReadOnlyList<BtfType> Roots(BtfTypes types, string prefix)
    {
        var reached = new HashSet<BtfType>(ReferenceEqualityComparer.Instance);
        foreach (var map in BtfMapDefinition.ReadAll(types).Where(map => map.Name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            Reach(map.KeyTypeId);
            Reach(map.ValueTypeId);
        }
        for (var id = 0u; id < types.All.Count; id++)
        {
            if (types.TagsOf(id).Contains(Tag)) Reach(id);
        }
        return
        [
            .. reached
                .Where(type => type.Name.StartsWith(prefix, StringComparison.Ordinal))
                .DistinctBy(type => type.Name)
                .OrderBy(type => type.Name, StringComparer.Ordinal),
        ];

        void Reach(uint id)
        {
            switch (types.Resolve(id))
            {
                case BtfArray array:
                    Reach(array.TypeId);
                    break;
                case BtfStruct structure when reached.Add(structure):
                    foreach (var member in structure.Members) Reach(member.TypeId);
                    break;
                case BtfEnum enumeration:
                    reached.Add(enumeration);
                    break;
            }
        }
    }

    /// <summary>A type as C writes it, without qualifiers: "__be32", "struct lb_range", "__u32[4]".</summary>
    public static string NameOf(uint id, BtfTypes types) => types.Unqualified(id) switch
    {
        BtfStruct { IsUnion: true } type => $"union {type.Name}",
        BtfStruct type => $"struct {type.Name}",
        BtfEnum type => $"enum {type.Name}",
        BtfArray type => $"{NameOf(type.TypeId, types)}[{type.Count}]",
        BtfPointer type => $"{NameOf(type.TypeId, types)}*",
        var type => type.Name,
    };

    private static void DescribeMaps(StringBuilder text, BtfTypes types, string prefix)
    {
        foreach (var map in BtfMapDefinition.ReadAll(types).Where(map => map.Name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            text.Append($"map {map.Name} {map.Type} {NameOf(map.KeyTypeId, types)}:{map.KeySize}");
            text.Append($" -> {NameOf(map.ValueTypeId, types)}:{map.ValueSize} {map.Flags}\n");
        }
    }

    private static void DescribeStruct(StringBuilder text, BtfStruct type, BtfTypes types, string indent)
    {
        text.Append($"{indent}{(type.IsUnion ? "union" : "struct")} {type.Name} {type.Size}\n");
        foreach (var member in type.Members)
        {
            var width = member.BitSize == 0 ? "" : $":{member.BitSize}";
            text.Append($"{indent}  {member.BitOffset} {NameOf(member.TypeId, types)} {member.Name}{width}\n");
            if (types.Resolve(member.TypeId) is BtfStruct { Name: "" } anonymous)
                DescribeStruct(text, anonymous, types, indent + "  ");
        }
    }

    private static void DescribeEnum(StringBuilder text, BtfEnum type)
    {
        text.Append($"enum {type.Name} {type.Size}\n");
        foreach (var value in type.Values)
            text.Append($"  {value.Name} {value.Value}\n");
    }
}
