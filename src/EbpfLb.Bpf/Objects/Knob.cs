using EbpfLb.Bpf.Btf;

namespace EbpfLb.Bpf;

/// <summary>A load-time constant: a <c>const volatile</c> global of .rodata.</summary>
/// <param name="Name">Name in C.</param>
/// <param name="TypeId">Its type.</param>
/// <param name="Offset">Bytes from the start of the section.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Doc">Text of its btf_decl_tag("doc: ..."); null without one.</param>
public sealed record Knob(string Name, uint TypeId, int Offset, int Size, string? Doc)
{
    /// <summary>What the tag's text starts with.</summary>
    public const string DocPrefix = "doc:";

    /// <summary>
    /// All constants of the section .rodata, in the order of their offsets; those of the compiler have no BTF and are not here.
    /// </summary>
    public static IReadOnlyList<Knob> Read(BtfTypes types)
    {
        if (types.FindSection(".rodata") is not { } section)
            return [];
        List<Knob> knobs = [];
        foreach (var entry in section.Entries.OrderBy(entry => entry.Offset))
        {
            if (types[entry.TypeId] is not BtfVariable variable)
                continue;
            var doc = types.TagsOf(entry.TypeId).FirstOrDefault(tag => tag.StartsWith(DocPrefix, StringComparison.Ordinal));
            knobs.Add(new Knob(
                variable.Name, variable.TypeId, (int)entry.Offset, (int)entry.Size, doc?[DocPrefix.Length..].Trim()));
        }

        return knobs;
    }
}
