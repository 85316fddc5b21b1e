namespace EbpfLb.Bpf.Btf;

/// <summary>A map as the C source declares it in SEC(".maps").</summary>
/// <param name="Name">Name in C.</param>
/// <param name="Type">Kind of map.</param>
/// <param name="KeyTypeId">Type of the key; 0: none given (ring buffer, or __uint(key_size, ...)).</param>
/// <param name="ValueTypeId">Type of the value; 0: none given.</param>
/// <param name="KeySize">Bytes of a key.</param>
/// <param name="ValueSize">Bytes of a value.</param>
/// <param name="MaxEntries">Most elements as declared; 0: set at load time.</param>
/// <param name="Flags">BPF_F_ flags.</param>
public sealed record BtfMapDefinition(
    string Name, MapType Type, uint KeyTypeId, uint ValueTypeId, uint KeySize, uint ValueSize, uint MaxEntries, MapFlags Flags)
{
    /// <summary>All maps that an object declares, by name.</summary>
    public static IReadOnlyList<BtfMapDefinition> ReadAll(BtfTypes types)
    {
        if (types.FindSection(".maps") is not { } section)
            return [];
        List<BtfMapDefinition> maps = [];
        foreach (var entry in section.Entries)
        {
            if (types[entry.TypeId] is BtfVariable variable && types.Resolve(variable.TypeId) is BtfStruct definition)
                maps.Add(Read(variable.Name, definition, types));
        }

        return [.. maps.OrderBy(map => map.Name, StringComparer.Ordinal)];
    }

    private static BtfMapDefinition Read(string name, BtfStruct definition, BtfTypes types)
    {
        var members = definition.Members.DistinctBy(member => member.Name).ToDictionary(member => member.Name);
        var key = TypeOf("key");
        var value = TypeOf("value");
        return new BtfMapDefinition(
            name, (MapType)NumberOf("type"), key, value,
            key == 0 ? NumberOf("key_size") : types.SizeOf(key),
            value == 0 ? NumberOf("value_size") : types.SizeOf(value),
            NumberOf("max_entries"), (MapFlags)NumberOf("map_flags"));

        // __type(name, T) declares "T *name".
        uint TypeOf(string member) =>
            members.TryGetValue(member, out var found) && types.Resolve(found.TypeId) is BtfPointer pointer ? pointer.TypeId : 0;

        // __uint(name, N) declares "int (*name)[N]".
        uint NumberOf(string member) =>
            TypeOf(member) is var id and not 0 && types.Resolve(id) is BtfArray array ? array.Count : 0;
    }
}
