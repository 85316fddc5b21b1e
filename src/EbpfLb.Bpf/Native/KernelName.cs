using System.Runtime.CompilerServices;
using System.Text;

namespace EbpfLb.Bpf.Native;

/// <summary>char[BPF_OBJ_NAME_LEN] of the kernel's info structs.</summary>
[InlineArray(16)]
internal struct KernelName
{
    private byte first;

    public static string Read(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
