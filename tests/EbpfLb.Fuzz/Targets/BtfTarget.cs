using EbpfLb.Bpf;
using EbpfLb.Bpf.Btf;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Fuzz.Targets;

/// <summary>
/// Types of objects, and of maps that others loaded: everything that the agent asks of them is answered or refused as a broken format.
/// </summary>
internal sealed class BtfTarget : FuzzTarget
{
    private static readonly BtfTypes Good = BtfTypes.Read(ElfFile.Parse(ReadObject("ebpflb.bpf.o")));

    public override string Name => "btf";

    public override IReadOnlyList<byte[]> Corpus { get; } =
    [
        .. ((string[])["unit/crc.unit.bpf.o", "unit/layout.unit.bpf.o", "iter/end.bpf.o", "bind.bpf.o"])
            .Select(name => ElfFile.Parse(ReadObject(name)).Find(".BTF")!.Data.ToArray()),
    ];

    public override int Longest => 1 << 20;

    public override string? Try(byte[] input, Random random, FuzzReport report)
    {
        try
        {
            Ask(BtfTypes.Parse(input));
            report.Read++;
            return null;
        }
        catch (BpfException e) when (e.Errno == Errno.LibbpfFormat)
        {
            return null;
        }
    }

    internal static byte[] ReadObject(string name) => File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", name));

    internal static void Ask(BtfTypes types)
    {
        AbiFingerprint.Compute(types, "lb_");
        AbiFingerprint.ComputeMaps(types, "lb_");
        foreach (var map in BtfMapDefinition.ReadAll(types))
        {
            AbiFingerprint.DescribeMap(types, map.KeyTypeId, map.ValueTypeId);
            if (BtfMapDefinition.ReadAll(Good).FirstOrDefault(known => known.Name == map.Name) is { ValueTypeId: > 0 } known)
                BtfConversion.Between(types, map.ValueTypeId, Good, known.ValueTypeId);
        }
    }
}
