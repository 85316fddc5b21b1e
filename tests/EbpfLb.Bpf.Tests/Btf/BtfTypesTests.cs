using EbpfLb.Bpf.Btf;

namespace EbpfLb.Bpf.Tests.Btf;

public sealed class BtfTypesTests
{
    private readonly BtfTypes types = BtfTypes.Read(ElfFile.Parse(TestObjects.Bytes("types")));

    [Fact]
    public void Members_have_their_places_and_types()
    {
        var members = types.FindStruct("everything")!.Members;

        Assert.Equal(
            [
                ("colour", 0u, "enum colour"), ("weight", 32u, "enum weight"), ("either", 64u, "union either"), ("ports", 96u, "port_t[3]"),
                ("low", 144u, "__u16"), ("high", 147u, "__u16"), ("pointer", 192u, "__u64*"), ("forward", 256u, "declared_only*"),
                ("yes", 320u, "_Bool"), ("letter", 328u, "char"), ("negative", 336u, "__s16"), ("", 352u, "struct "),
                ("real", 384u, "double"),
            ],
            members.Select(member => (member.Name, member.BitOffset, AbiFingerprint.NameOf(member.TypeId, types))));
        Assert.Equal([3u, 13u], members.Where(member => member.BitSize != 0).Select(member => member.BitSize));
    }

    [Fact]
    public void Sizes_are_those_of_C()
    {
        var members = types.FindStruct("everything")!.Members.ToDictionary(member => member.Name);

        Assert.Equal(56u, types.FindStruct("everything")!.Size);
        Assert.Equal(6u, types.SizeOf(members["ports"].TypeId));
        Assert.Equal(4u, types.SizeOf(members["either"].TypeId));
        Assert.Equal(8u, types.SizeOf(members["pointer"].TypeId));
        Assert.Equal(4u, types.SizeOf(members["colour"].TypeId));
        Assert.Equal(8u, types.SizeOf(members["real"].TypeId));
        Assert.True(types.FindStruct("either")!.IsUnion);
    }

    [Fact]
    public void Enumerators_have_their_values()
    {
        Assert.Equal([new BtfEnumValue("RED", 1), new BtfEnumValue("GREEN", 7)], types.FindEnum("colour")!.Values);
        // Whether a compiler marks an enum as signed depends on its version.
        Assert.Equal(
            [("LIGHT", -5), ("HEAVY", 5)], types.FindEnum("weight")!.Values.Select(value => (value.Name, unchecked((int)value.Value))));
    }

    [Fact]
    public void Typedefs_and_qualifiers_lead_to_the_type_behind_them()
    {
        var members = types.FindStruct("everything")!.Members.ToDictionary(member => member.Name);
        var pointer = Assert.IsType<BtfPointer>(types[members["pointer"].TypeId]);

        Assert.Equal("const", Assert.IsType<BtfModifier>(types[pointer.TypeId]).Keyword);
        Assert.Equal("__u64", Assert.IsType<BtfTypedef>(types.Unqualified(pointer.TypeId)).Name);
        Assert.Equal(
            (8u, false), (Assert.IsType<BtfInt>(types.Resolve(pointer.TypeId)).Size, ((BtfInt)types.Resolve(pointer.TypeId)).IsSigned));
    }

    [Fact]
    public void Variables_have_the_places_that_the_compiler_left_to_the_linker()
    {
        var section = types.FindSection(".rodata")!;

        Assert.Equal(16u, section.Size);
        Assert.Equal(
            [("first_constant", 0u, 4u), ("second_constant", 8u, 8u)],
            section.Entries.Select(entry => (types[entry.TypeId].Name, entry.Offset, entry.Size)));
        Assert.True(types.All.OfType<BtfVariable>().Single(variable => variable.Name == "hidden").IsStatic);
    }

    [Fact]
    public void Tags_and_functions_are_found()
    {
        var every = types.All.ToList().FindIndex(type => type is BtfVariable { Name: "every" });
        var function = types.All.OfType<BtfFunction>().Single(type => type.Name == "use_all");

        Assert.Equal(["one of each"], types.TagsOf((uint)every));
        Assert.Equal(["ctx"], Assert.IsType<BtfPrototype>(types[function.PrototypeId]).Parameters.Select(parameter => parameter.Name));
        Assert.Contains(types.All, type => type is BtfForward { Name: "declared_only", IsUnion: false });
    }

    [Fact]
    public void Maps_are_read_as_they_are_declared()
    {
        var maps = BtfMapDefinition.ReadAll(BtfTypes.Read(ElfFile.Parse(TestObjects.Bytes("kinds"))));

        Assert.Equal(
            [
                ("t_array", MapType.Array, 4u, 8u, 1000u, MapFlags.Mappable), ("t_hash", MapType.Hash, 4u, 8u, 8u, MapFlags.None),
                ("t_percpu", MapType.PerCpuArray, 4u, 12u, 4u, MapFlags.None), ("t_ring", MapType.RingBuf, 0u, 0u, 4096u, MapFlags.None),
            ],
            maps.Select(map => (map.Name, map.Type, map.KeySize, map.ValueSize, map.MaxEntries, map.Flags)));
    }

    [Fact]
    public void The_kernels_own_types_are_read()
    {
        var kernel = BtfTypes.Parse(File.ReadAllBytes("/sys/kernel/btf/vmlinux"));

        Assert.NotNull(kernel.FindStruct("task_struct"));
        Assert.True(kernel.FindStruct("sk_buff")!.Members.Count > 10);
    }

    [Fact]
    public void Bytes_that_are_cut_off_anywhere_are_refused()
    {
        var section = ElfFile.Parse(TestObjects.Bytes("types")).Find(".BTF")!.Data.ToArray();

        for (var length = 0; length < section.Length; length++)
        {
            var error = Assert.Throws<BpfException>(() => BtfTypes.Parse(section.AsSpan(0, length)));
            Assert.Equal(Errno.LibbpfFormat, error.Errno);
        }
    }

    public static TheoryData<string, uint[]> Endless { get; } = new()
    {
        // A type: name, kind and count, size or type; what follows depends on the kind.
        { "const of itself", [0, Kind(10), 1] },
        { "typedef of itself", [1, Kind(8), 1] },
        { "const of a typedef of it", [0, Kind(10), 2, 1, Kind(8), 1] },
        { "pointer to itself", [0, Kind(2), 1] },
        { "array of itself", [0, Kind(3), 0, 1, 1, 4] },
        { "struct in itself", [1, Kind(4) + 1, 8, 1, 1, 0] },
        { "struct in an array in itself", [1, Kind(4) + 1, 8, 1, 2, 0, 0, Kind(3), 0, 1, 1, 4] },
        {
            "pointers to pointers without end",
            [.. Enumerable.Range(2, 200).SelectMany(next => (uint[])[0, Kind(2), (uint)next]), 0, Kind(2), 0]
        },
        {
            "twice as many members on each level",
            [.. Enumerable.Range(2, 60).SelectMany(next => (uint[])[1, Kind(4) + 2, 8, 1, (uint)next, 0, 1, (uint)next, 0]), 1, Kind(4), 8]
        },
        { "const of nothing that exists", [0, Kind(10), 7] },
    };

    [Theory]
    [MemberData(nameof(Endless))]
    public void Types_that_lead_nowhere_or_round_in_circles_are_refused(string what, uint[] words)
    {
        var error = Assert.Throws<BpfException>(() => BtfTypes.Parse(Section(words)));
        Assert.True(error.Errno == Errno.LibbpfFormat, $"{what}: {error}");
    }

    [Fact]
    public void A_struct_that_points_to_itself_is_read()
        => Assert.NotNull(BtfTypes.Parse(Section([1, Kind(4) + 1, 8, 1, 2, 0, 0, Kind(2), 1])).FindStruct("x"));

    [Fact]
    public void A_section_of_variables_that_do_not_exist_is_read_as_none()
    {
        var bytes = TestObjects.Bytes("kinds");
        var section = ElfFile.Parse(bytes).Find(".BTF")!.Data.ToArray();
        var maps = BtfTypes.Parse(section).FindSection(".maps")!.Entries[0];
        byte[] entry = [.. BitConverter.GetBytes(maps.TypeId), .. BitConverter.GetBytes(maps.Offset), .. BitConverter.GetBytes(maps.Size)];
        BitConverter.GetBytes(0x7fffffffu).CopyTo(bytes.AsSpan(bytes.AsSpan().IndexOf(entry)));

        var types = BtfTypes.Read(ElfFile.Parse(bytes));

        Assert.Equal(
            Errno.LibbpfFormat, Assert.Throws<BpfException>(() => BtfMapDefinition.ReadAll(types)).Errno);
    }

    private static uint Kind(uint number) => number << 24;

    /// <summary>A .BTF section of these words, with the one name "x".</summary>
    private static byte[] Section(uint[] words)
    {
        var length = (uint)words.Length * 4;
        uint[] all = [0x1_eb9f, 24, 0, length, length, 3, .. words];
        return [.. all.SelectMany(BitConverter.GetBytes), 0, (byte)'x', 0];
    }

    [Fact]
    public void An_object_without_debug_information_says_how_to_get_it()
    {
        var bytes = TestObjects.Bytes("types");
        var name = bytes.AsSpan().IndexOf(".BTF\0"u8);
        ".BTX\0"u8.CopyTo(bytes.AsSpan(name));

        Assert.Contains("compile it with -g", Assert.Throws<BpfException>(() => BtfTypes.Read(ElfFile.Parse(bytes))).Message);
    }
}
