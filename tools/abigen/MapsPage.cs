using System.Text;
using System.Text.RegularExpressions;
using EbpfLb.Bpf;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.AbiGen;

/// <summary>docs/maps.md: kinds, keys and values from BTF, the words from the comments of bpf/include/lb_maps.h.</summary>
internal static partial class MapsPage
{
    /// <summary>The text of lb_maps.h and its parts beside it, lb_maps_*.h.</summary>
    public static string Read(string header)
        => File.ReadAllText(header) + string.Concat(Directory.GetFiles(
            Path.GetDirectoryName(Path.GetFullPath(header))!, "lb_maps_*.h").Order(StringComparer.Ordinal).Select(File.ReadAllText));

    /// <param name="elf">The BPF object.</param>
    /// <param name="header">What <see cref="Read"/> gives.</param>
    public static string Emit(byte[] elf, string header)
    {
        var types = BtfTypes.Read(ElfFile.Parse(elf));
        var comments = Comments().Matches(header).ToDictionary(m => m.Groups["name"].Value, m => Words(m.Groups["comment"].Value));
        var page = new StringBuilder("""
            # Maps

            Written by `make abi` from `bpf/include/lb_maps.h` and the BTF of the object; sizes are set when the agent starts (`ebpflb run --help`).
            All are pinned below `/sys/fs/bpf/ebpflb/INSTANCE/maps`. Structs and their fields: `bpf/include/lb_abi.h`.

            | map | kind | key -> value (bytes) | what it is |
            |---|---|---|---|

            """);
        foreach (var map in BtfMapDefinition.ReadAll(types))
        {
            var key = AbiFingerprint.NameOf(map.KeyTypeId, types);
            var value = AbiFingerprint.NameOf(map.ValueTypeId, types);
            page.Append($"| {map.Name} | {map.Type}{(map.Flags == MapFlags.None ? "" : $", {map.Flags}")} | {key} "
                + $"-> {value} ({map.KeySize} -> {map.ValueSize}) ");
            page.Append($"| {comments.GetValueOrDefault(map.Name, "")} |\n");
        }
        return page.ToString();
    }

    private static string Words(string comment) =>
        string.Join(' ', comment.Split([' ', '\n', '\t', '*'], StringSplitOptions.RemoveEmptyEntries));

    /// <summary>A comment, the anonymous struct behind it, and the map's name.</summary>
    [GeneratedRegex(
        @"/\*(?<comment>(?:(?!\*/).)*)\*/\s*struct \{[^}]*\} (?<name>\w+) __weak SEC\(""\.maps""\);",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Comments();
}
