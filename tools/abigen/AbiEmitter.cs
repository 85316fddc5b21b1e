using System.Globalization;
using System.Text;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.AbiGen;

/// <summary>Writes structs, enums and the arrays they hold.</summary>
internal static class AbiEmitter
{
    public static string Emit(BtfTypes types, CSharpTypes csharp)
    {
        var roots = AbiFingerprint.Roots(types, Generator.Prefix);
        var body = new StringBuilder();
        foreach (var type in roots.OfType<BtfStruct>())
            Struct(body, type, types, csharp);
        foreach (var type in roots.OfType<BtfEnum>())
            Enum(body, type);
        foreach (var array in csharp.Arrays)
            Array(body, array);
        return $$"""
            using System;
            using System.Runtime.CompilerServices;
            using System.Runtime.InteropServices;

            namespace EbpfLb.Abi;

            /// <summary>What this code was generated from; an object that answers otherwise does not fit it.</summary>
            public static class AbiInfo
            {
                /// <summary>AbiFingerprint.Compute of the object: structs, enums and maps.</summary>
                public const string Hash = "{{AbiFingerprint.Compute(types, Generator.Prefix)}}";

                /// <summary>AbiFingerprint.ComputeMaps of the object: only what maps hold, so maps with the same value can be kept.</summary>
                public const ulong MapsHash = 0x{{AbiFingerprint.ComputeMaps(types, Generator.Prefix):x16}};
            }

            """ + body;
    }

    private static void Struct(StringBuilder text, BtfStruct type, BtfTypes types, CSharpTypes csharp)
    {
        var name = CSharpNames.Pascal(type.Name);
        var fields = new StringBuilder();
        foreach (var (member, offset) in Flatten(type, 0, types))
        {
            fields.Append(
                CultureInfo.InvariantCulture, $"    /// <summary>{AbiFingerprint.NameOf(member.TypeId, types)} {member.Name}.</summary>\n");
            fields.Append(CultureInfo.InvariantCulture,
                $"    [FieldOffset({offset})] public {csharp.NameOf(member.TypeId)} {CSharpNames.Pascal(member.Name)};\n\n");
        }

        text.Append($$"""

            /// <summary>struct {{type.Name}}, {{type.Size}} bytes.</summary>
            [StructLayout(LayoutKind.Explicit, Size = {{type.Size}})]
            public record struct {{name}}
            {
            {{fields}}    /// <summary>Byte by byte.</summary>
                public readonly bool Equals({{name}} other) => AbiBytes.Same(this, other);

                /// <inheritdoc/>
                public override readonly int GetHashCode() => AbiBytes.Hash(this);
            }

            """);
    }

    /// <summary>Members with their byte offsets; those of anonymous structs and unions count as the outer one's, as in C.</summary>
    private static IEnumerable<(BtfMember Member, uint Offset)> Flatten(BtfStruct type, uint start, BtfTypes types)
    {
        foreach (var member in type.Members)
        {
            if (member.BitSize != 0 || member.BitOffset % 8 != 0)
                throw new NotSupportedException($"{type.Name}.{member.Name} is a bit field: use a flags member");
            var offset = start + (member.BitOffset / 8);
            if (member.Name.Length == 0 && types.Resolve(member.TypeId) is BtfStruct anonymous)
            {
                foreach (var inner in Flatten(anonymous, offset, types))
                    yield return inner;
            }
            else
            {
                yield return (member, offset);
            }
        }
    }

    private static void Enum(StringBuilder text, BtfEnum type)
    {
        var underlying = (type.Size, type.IsSigned) switch
        {
            (4, false) => "uint",
            (4, true) => "int",
            (8, false) => "ulong",
            (8, true) => "long",
            (1, false) => "byte",
            _ => throw new NotSupportedException($"enum {type.Name} of {type.Size} bytes: change the header"),
        };
        var flags = type.Name.EndsWith("_flag", StringComparison.Ordinal) || type.Name.EndsWith("_flags", StringComparison.Ordinal);
        text.Append(CultureInfo.InvariantCulture, $"\n/// <summary>enum {type.Name}.</summary>\n{(flags ? "[Flags]\n" : "")}");
        text.Append(CultureInfo.InvariantCulture, $"public enum {CSharpNames.Pascal(type.Name)} : {underlying}\n{{\n");
        foreach (var value in type.Values)
        {
            text.Append(CultureInfo.InvariantCulture, $"    /// <summary>{value.Name}.</summary>\n");
            text.Append(CultureInfo.InvariantCulture, $"    {CSharpNames.Enumerator(type.Name, value.Name)} = {value.Value},\n\n");
        }

        text.Length--; // the blank line behind the last one
        text.Append("}\n");
    }

    private static void Array(StringBuilder text, CSharpTypes.InlineArray array) => text.Append($$"""

        /// <summary>{{array.Count}} times {{array.Element}}, {{array.Size}} bytes.</summary>
        [InlineArray({{array.Count}})]
        public struct {{array.Name}} : IEquatable<{{array.Name}}>
        {
            private {{array.Element}} first;

            /// <summary>From its bytes.</summary>
            public static {{array.Name}} FromBytes(ReadOnlySpan<byte> bytes) => AbiBytes.From<{{array.Name}}>(bytes);

            /// <summary>Byte by byte.</summary>
            public readonly bool Equals({{array.Name}} other) => AbiBytes.Same(this, other);

            /// <inheritdoc/>
            public override readonly bool Equals(object? obj) => obj is {{array.Name}} other && Equals(other);

            /// <inheritdoc/>
            public override readonly int GetHashCode() => AbiBytes.Hash(this);

            /// <summary>The bytes, hexadecimal.</summary>
            public override readonly string ToString() => Convert.ToHexStringLower(AbiBytes.Of(this));

            /// <summary>Byte by byte.</summary>
            public static bool operator ==({{array.Name}} left, {{array.Name}} right) => left.Equals(right);

            /// <summary>Byte by byte.</summary>
            public static bool operator !=({{array.Name}} left, {{array.Name}} right) => !left.Equals(right);
        }

        """);
}
