using EbpfLb.Bpf;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.Fuzz.Targets;

/// <summary>Object files as the compiler and `bpftool gen object` write them.</summary>
internal sealed class ElfTarget : FuzzTarget
{
    public override string Name => "elf";

    public override IReadOnlyList<byte[]> Corpus { get; } =
        [.. ((string[])["unit/crc.unit.bpf.o", "iter/end.bpf.o"]).Select(BtfTarget.ReadObject)];

    public override int Longest => 1 << 20;

    public override string? Try(byte[] input, Random random, FuzzReport report)
    {
        try
        {
            var elf = ElfFile.Parse(input);
            _ = elf.Symbols.Count;
            BtfTarget.Ask(BtfTypes.Read(elf));
            report.Read++;
            return null;
        }
        catch (BpfException e) when (e.Errno == Errno.LibbpfFormat)
        {
            return null;
        }
    }
}
