using System.Buffers.Binary;
using System.Globalization;
using System.Security;
using System.Text;
using EbpfLb.Bpf;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.AbiGen;

/// <summary>Writes the class of load-time constants (LB_CONFIG).</summary>
internal static class ConfigEmitter
{
    private const string Prefix = "cfg_";

    public static string Emit(ElfFile elf, BtfTypes types, CSharpTypes csharp)
    {
        var section = elf.Find(".rodata")?.Data ?? default;
        var knobs = Knob.Read(types).Where(knob => knob.Name.StartsWith(Prefix, StringComparison.Ordinal)).ToList();
        var properties = new StringBuilder();
        foreach (var knob in knobs)
        {
            var doc = SecurityElement.Escape(
                knob.Doc ?? throw new NotSupportedException($"{knob.Name} has no doc text: declare it by LB_CONFIG"));
            var type = csharp.NameOf(knob.TypeId);
            properties.Append(CultureInfo.InvariantCulture, $"    /// <summary>{doc} ({knob.Name})</summary>\n");
            properties.Append(CultureInfo.InvariantCulture,
                $"    public {type} {NameOf(knob)} {{ get; init; }}{Default(type, section.Slice(knob.Offset, knob.Size).Span)}\n\n");
        }

        return $$"""
            using System;
            using System.Collections.Generic;

            namespace EbpfLb.Abi;

            /// <summary>The load-time constants of the BPF programs, with the values that the C source gives them.</summary>
            public sealed record DatapathConfig
            {
            {{properties}}    /// <summary>All of them with the bytes that they get.</summary>
                public IReadOnlyList<KnobValue> Knobs() =>
                [
            {{string.Concat(knobs.Select(knob => $"        new(\"{knob.Name}\", AbiBytes.Of({NameOf(knob)}).ToArray()),\n"))}}    ];
            }

            """;
    }

    private static string NameOf(Knob knob) => CSharpNames.PascalWithout(Prefix, knob.Name);

    private static string Default(string type, ReadOnlySpan<byte> bytes)
    {
        if (!bytes.ContainsAnyExcept((byte)0))
            return "";
        return type switch
        {
            "byte" => $" = {bytes[0]};",
            "ushort" => $" = {BinaryPrimitives.ReadUInt16LittleEndian(bytes)};",
            "uint" => $" = {BinaryPrimitives.ReadUInt32LittleEndian(bytes)};",
            "ulong" => $" = {BinaryPrimitives.ReadUInt64LittleEndian(bytes)};",
            "sbyte" => $" = {(sbyte)bytes[0]};",
            "short" => $" = {BinaryPrimitives.ReadInt16LittleEndian(bytes)};",
            "int" => $" = {BinaryPrimitives.ReadInt32LittleEndian(bytes)};",
            "long" => $" = {BinaryPrimitives.ReadInt64LittleEndian(bytes)};",
            _ => $" = AbiBytes.From<{type}>([{string.Join(", ", bytes.ToArray())}]);",
        };
    }
}
