using System.Runtime.InteropServices;

namespace EbpfLb.Testing.Kernel;

/// <summary>
/// The maps that a program uses, asked of the kernel. Not of bpftool: it goes through all programs of the machine, and printed nothing
/// at all when others came and went beside it.
/// </summary>
public static partial class ProgramMaps
{
    /// <summary>Ids of the maps of the program behind a descriptor.</summary>
    /// <exception cref="InvalidOperationException">The kernel refuses; with its errno.</exception>
    public static unsafe IReadOnlyList<uint> IdsOf(SafeHandle program)
    {
        var ids = new uint[64];
        fixed (uint* first = ids)
        {
            // The kernel fills the ids in and leaves their number, which may be larger than the room.
            var info = new ProgramInfo { MapCount = (uint)ids.Length, MapIds = (ulong)first };
            var length = (uint)sizeof(ProgramInfo);
            var result = bpf_obj_get_info_by_fd(program, &info, &length);
            if (result != 0 || info.MapCount > ids.Length)
                throw new InvalidOperationException($"the kernel gives no maps of a program: {result}, {info.MapCount} maps");
            return ids[..(int)info.MapCount];
        }
    }

    [LibraryImport("libbpf.so.1")]
    private static unsafe partial int bpf_obj_get_info_by_fd(SafeHandle fd, void* info, uint* length);

    /// <summary>struct bpf_prog_info of &lt;linux/bpf.h&gt; as far as map_ids.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct ProgramInfo
    {
        [FieldOffset(52)] public uint MapCount;
        [FieldOffset(56)] public ulong MapIds;
    }
}
