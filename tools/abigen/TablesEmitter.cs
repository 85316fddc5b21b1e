using System.Globalization;
using System.Text;
using EbpfLb.Bpf;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.AbiGen;

/// <summary>Writes the catalogue of maps.</summary>
internal static class TablesEmitter
{
    public static string Emit(BtfTypes types, CSharpTypes csharp)
    {
        var maps = BtfMapDefinition.ReadAll(types)
            .Where(map => map.Name.StartsWith(Generator.Prefix, StringComparison.Ordinal)).ToList();
        var entries = new StringBuilder();
        foreach (var map in maps)
        {
            var flags = map.Flags == MapFlags.None ? "" : $", {map.Flags}";
            entries.Append(CultureInfo.InvariantCulture, $"    /// <summary>{map.Name}: {map.Type}{flags}.</summary>\n");
            entries.Append(CultureInfo.InvariantCulture, $"    public static {TypeOf(map, csharp)} {NameOf(map)} {{ get; }} =\n");
            entries.Append(CultureInfo.InvariantCulture,
                $"        new(\"{map.Name}\", {(int)map.Type}, {map.KeySize}, {map.ValueSize}, {map.MaxEntries}, {(uint)map.Flags});\n\n");
        }

        return $$"""
            using System.Collections.Generic;

            namespace EbpfLb.Abi;

            /// <summary>Every map of the BPF object.</summary>
            public static class Tables
            {
            {{entries}}    /// <summary>All of them, by name.</summary>
                public static IReadOnlyList<Table> All { get; } =
                [
                    {{string.Join(",\n        ", maps.Select(NameOf))}},
                ];
            }

            """;
    }

    private static string NameOf(BtfMapDefinition map) => CSharpNames.PascalWithout(Generator.Prefix, map.Name);

    private static string TypeOf(BtfMapDefinition map, CSharpTypes csharp) => map.KeyTypeId == 0 || map.ValueTypeId == 0
        ? "Table"
        : $"Table<{csharp.NameOf(map.KeyTypeId)}, {csharp.NameOf(map.ValueTypeId)}>";
}
