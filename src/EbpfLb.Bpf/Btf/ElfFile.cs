using System.Buffers.Binary;
using System.Text;

namespace EbpfLb.Bpf.Btf;

/// <summary>A section of an ELF file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Data">Its bytes; empty for sections without any (.bss).</param>
/// <param name="Size">Its size, also of sections without bytes.</param>
public sealed record ElfSection(string Name, ReadOnlyMemory<byte> Data, ulong Size);

/// <summary>A symbol of an ELF file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="SectionIndex">Index of its section.</param>
/// <param name="Value">Offset in its section.</param>
/// <param name="Size">Bytes.</param>
public sealed record ElfSymbol(string Name, int SectionIndex, ulong Value, ulong Size);

/// <summary>Sections and symbols of a 64-bit little-endian ELF file, which every BPF object for x86-64 and arm64 is.</summary>
public sealed class ElfFile
{
    private const int HeaderSize = 64;
    private const int SectionHeaderSize = 64;
    private const int SymbolSize = 24;
    private const int NoBits = 8;

    private ElfFile(IReadOnlyList<ElfSection> sections)
    {
        Sections = sections;
        Symbols = ReadSymbols();
    }

    /// <summary>Sections by index; index 0 is the empty one.</summary>
    public IReadOnlyList<ElfSection> Sections { get; }

    /// <summary>Symbols of .symtab; none when it was stripped.</summary>
    public IReadOnlyList<ElfSymbol> Symbols { get; }

    /// <summary>Reads the section table.</summary>
    /// <exception cref="BpfException">LibbpfFormat: not such a file, or it is cut off.</exception>
    public static ElfFile Parse(ReadOnlyMemory<byte> file)
    {
        var bytes = file.Span;
        if (bytes.Length < HeaderSize || !bytes.StartsWith("\x7f"u8) || !bytes[1..4].SequenceEqual("ELF"u8) || bytes[4] != 2
            || bytes[5] != 1)
            throw Broken("it is no 64-bit little-endian ELF file");
        try
        {
            return new ElfFile(ReadSections(file));
        }
        catch (ArgumentException)
        {
            throw Broken("a section lies outside of the file: it is cut off");
        }
        catch (OverflowException)
        {
            throw Broken("a section lies outside of the file: it is cut off");
        }
    }

    /// <summary>The first section of that name, or null.</summary>
    public ElfSection? Find(string name) => Sections.FirstOrDefault(section => section.Name == name);

    private static List<ElfSection> ReadSections(ReadOnlyMemory<byte> file)
    {
        var bytes = file.Span;
        var table = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[60..]);
        int namesIndex = BinaryPrimitives.ReadUInt16LittleEndian(bytes[62..]);
        var raw = new List<(int Name, ReadOnlyMemory<byte> Data, ulong Size)>(count);
        for (var i = 0; i < count; i++)
        {
            var header = bytes.Slice(table + (i * SectionHeaderSize), SectionHeaderSize);
            var type = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            var offset = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
            var size = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
            var data = type == NoBits || i == 0 ? default : file.Slice(checked((int)offset), checked((int)size));
            raw.Add((checked((int)BinaryPrimitives.ReadUInt32LittleEndian(header)), data, size));
        }

        if (namesIndex >= raw.Count)
            throw Broken("it has no section names");
        var names = raw[namesIndex].Data;
        return [.. raw.Select(section => new ElfSection(Text(names.Span, section.Name), section.Data, section.Size))];
    }

    private List<ElfSymbol> ReadSymbols()
    {
        List<ElfSymbol> symbols = [];
        if (Find(".symtab") is not { } table || Find(".strtab") is not { } names)
            return symbols;
        var bytes = table.Data.Span;
        for (; bytes.Length >= SymbolSize; bytes = bytes[SymbolSize..])
        {
            symbols.Add(new ElfSymbol(
                Text(names.Data.Span, checked((int)BinaryPrimitives.ReadUInt32LittleEndian(bytes))),
                BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..])));
        }

        return symbols;
    }

    private static string Text(ReadOnlySpan<byte> table, int offset)
    {
        var text = table[offset..];
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }

    private static BpfException Broken(string why) => new(Errno.LibbpfFormat, "read ELF file:", why, "build the BPF object again");
}
