using EbpfLb.Bpf.Btf;

namespace EbpfLb.AbiGen;

/// <summary>BTF types to C# types, and the array types that were needed on the way.</summary>
internal sealed class CSharpTypes(BtfTypes types)
{
    private readonly SortedDictionary<string, InlineArray> arrays = new(StringComparer.Ordinal);

    /// <summary>An array of fixed length.</summary>
    public sealed record InlineArray(string Name, string Element, uint Count, uint Size);

    /// <summary>The arrays that were named so far, by name.</summary>
    public IEnumerable<InlineArray> Arrays => arrays.Values;

    /// <summary>The C# type of a BTF type.</summary>
    /// <exception cref="NotSupportedException">There is none: a pointer, for instance, means nothing to user space.</exception>
    public string NameOf(uint id)
    {
        for (var type = types.Unqualified(id); ; type = types.Unqualified(((BtfTypedef)type).TypeId))
        {
            switch (type)
            {
                case BtfTypedef { Name: "__be16" }:
                    return "Be16";
                case BtfTypedef { Name: "__be32" }:
                    return "Be32";
                case BtfTypedef:
                    continue;
                case BtfInt number:
                    return Integer(number);
                case BtfStruct { Name.Length: > 0 } or BtfEnum { Name.Length: > 0 }:
                    return CSharpNames.Pascal(type.Name);
                case BtfArray array:
                    return Array(array);
                default:
                    throw new NotSupportedException($"{type} cannot cross to user space: change the header");
            }
        }
    }

    private static string Integer(BtfInt type) => (type.Size, type.IsSigned) switch
    {
        (1, false) => "byte",
        (1, true) => type.Name == "char" ? "byte" : "sbyte",
        (2, false) => "ushort",
        (2, true) => "short",
        (4, false) => "uint",
        (4, true) => "int",
        (8, false) => "ulong",
        (8, true) => "long",
        _ => throw new NotSupportedException($"{type} has no C# type: change the header"),
    };

    private string Array(BtfArray type)
    {
        var element = NameOf(type.TypeId);
        var stem = element switch
        {
            "byte" => "U8",
            "ushort" => "U16",
            "uint" => "U32",
            "ulong" => "U64",
            _ => char.ToUpperInvariant(element[0]) + element[1..],
        };
        var name = $"{stem}x{type.Count}";
        arrays[name] = new InlineArray(name, element, type.Count, type.Count * types.SizeOf(type.TypeId));
        return name;
    }
}
