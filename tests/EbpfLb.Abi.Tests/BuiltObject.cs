using EbpfLb.Bpf.Btf;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Abi.Tests;

/// <summary>The BPF object of this checkout.</summary>
internal static class BuiltObject
{
    public static byte[] Bytes() => File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "ebpflb.bpf.o"));

    public static BtfTypes Types() => BtfTypes.Read(ElfFile.Parse(Bytes()));
}
