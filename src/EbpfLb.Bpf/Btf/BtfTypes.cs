namespace EbpfLb.Bpf.Btf;

/// <summary>All types of one BTF blob, by id.</summary>
public sealed class BtfTypes
{
    private readonly List<BtfType> types;
    private readonly ILookup<uint, BtfDeclarationTag> tags;

    private BtfTypes(List<BtfType> types)
    {
        BtfCheck.Check(types);
        this.types = types;
        tags = types.OfType<BtfDeclarationTag>().ToLookup(tag => tag.TypeId);
    }

    /// <summary>Types by id; the first is void.</summary>
    public IReadOnlyList<BtfType> All => types;

    /// <summary>The type of an id.</summary>
    /// <exception cref="BpfException">LibbpfFormat: there is none.</exception>
    public BtfType this[uint id] => id < types.Count
        ? types[(int)id]
        : throw new BpfException(Errno.LibbpfFormat, "read BTF:", $"type {id} does not exist");

    /// <summary>Reads the bytes of a .BTF section (also /sys/kernel/btf/vmlinux).</summary>
    /// <exception cref="BpfException">LibbpfFormat.</exception>
    public static BtfTypes Parse(ReadOnlySpan<byte> btf) => new(BtfParser.Parse(btf));

    /// <summary>Reads the type information of an object.</summary>
    /// <exception cref="BpfException">LibbpfFormat: it has none (compile with -g), or it is broken.</exception>
    public static BtfTypes Read(ElfFile elf)
    {
        var section = elf.Find(".BTF")
            ?? throw new BpfException(Errno.LibbpfFormat, "read BTF:", "the object has no section .BTF", "compile it with -g");
        var parsed = BtfParser.Parse(section.Data.Span);
        for (var id = 0; id < parsed.Count; id++)
        {
            if (parsed[id] is BtfDataSection data)
                parsed[id] = Placed(data, elf, parsed);
        }

        return new BtfTypes(parsed);
    }

    /// <summary>A section of variables, or null.</summary>
    public BtfDataSection? FindSection(string name) => types.OfType<BtfDataSection>().FirstOrDefault(section => section.Name == name);

    /// <summary>A struct or union by name, or null.</summary>
    public BtfStruct? FindStruct(string name) => types.OfType<BtfStruct>().FirstOrDefault(type => type.Name == name);

    /// <summary>An enum by name, or null.</summary>
    public BtfEnum? FindEnum(string name) => types.OfType<BtfEnum>().FirstOrDefault(type => type.Name == name);

    /// <summary>Texts of the btf_decl_tags on a type, variable or function itself.</summary>
    public IEnumerable<string> TagsOf(uint id) => tags[id].Where(tag => tag.MemberIndex < 0).Select(tag => tag.Name);

    /// <summary>The type without const, volatile, restrict and type tags around it.</summary>
    public BtfType Unqualified(uint id)
    {
        var type = this[id];
        while (type is BtfModifier modifier)
            type = this[modifier.TypeId];
        return type;
    }

    /// <summary>The type without qualifiers and typedefs around it.</summary>
    public BtfType Resolve(uint id)
    {
        for (var type = Unqualified(id); ; type = Unqualified(((BtfTypedef)type).TypeId))
        {
            if (type is not BtfTypedef)
                return type;
        }
    }

    /// <summary>Bytes that a value of the type takes; 0 for void, functions and types that are declared only.</summary>
    public uint SizeOf(uint id) => Resolve(id) switch
    {
        BtfInt type => type.Size,
        BtfFloat type => type.Size,
        BtfEnum type => type.Size,
        BtfStruct type => type.Size,
        BtfPointer => 8,
        BtfArray type => type.Count * SizeOf(type.TypeId),
        _ => 0,
    };

    /// <summary>
    /// clang leaves size and places of a section's variables to the linker. A linked object (bpftool gen object) has them;
    /// for one that was not linked they are in its section and symbol tables, as libbpf's btf_fixup_datasec() takes them.
    /// </summary>
    private static BtfDataSection Placed(BtfDataSection data, ElfFile elf, List<BtfType> types)
    {
        var index = elf.Sections.ToList().FindIndex(section => section.Name == data.Name);
        if (data.Size != 0 || index < 0)
            return data;
        var symbols = elf.Symbols.Where(symbol => symbol.SectionIndex == index).ToLookup(symbol => symbol.Name);
        var entries = data.Entries.Select(entry =>
            entry.TypeId < types.Count && types[(int)entry.TypeId] is BtfVariable variable
                && symbols[variable.Name].FirstOrDefault() is { } symbol
                ? entry with { Offset = (uint)symbol.Value }
                : entry);
        return data with { Size = (uint)elf.Sections[index].Size, Entries = [.. entries] };
    }
}
