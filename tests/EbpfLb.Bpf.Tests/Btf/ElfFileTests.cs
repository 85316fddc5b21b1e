using System.Text;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.Bpf.Tests.Btf;

public sealed class ElfFileTests
{
    [Fact]
    public void Sections_and_symbols_are_found()
    {
        var elf = ElfFile.Parse(TestObjects.Bytes("kinds"));

        Assert.Equal("Dual BSD/GPL\0", Encoding.ASCII.GetString(elf.Find("license")!.Data.Span));
        Assert.Contains(elf.Symbols, symbol => symbol.Name == "read_knobs" && elf.Sections[symbol.SectionIndex].Name == "syscall");
        Assert.Null(elf.Find(".none"));
    }

    [Fact]
    public void Bytes_that_are_cut_off_anywhere_are_refused()
    {
        var bytes = TestObjects.Bytes("types");

        // The section table is at the end, so that every cut loses some of it.
        foreach (var length in Enumerable.Range(0, 100).Concat([bytes.Length / 2, bytes.Length - 65, bytes.Length - 1]))
            Assert.Equal(Errno.LibbpfFormat, Assert.Throws<BpfException>(() => ElfFile.Parse(bytes.AsMemory(0, length))).Errno);
    }

    [Fact]
    public void Another_kind_of_file_is_refused() =>
        Assert.Contains("no 64-bit little-endian ELF file", Assert.Throws<BpfException>(() => ElfFile.Parse(new byte[100])).Message);
}
