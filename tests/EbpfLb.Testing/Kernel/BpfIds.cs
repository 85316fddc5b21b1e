using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfLb.Testing.Kernel;

/// <summary>
/// Ids of pinned objects and of attached programs, asked of the kernel itself. bpftool goes through all objects of the machine for these
/// questions, and may print nothing when others come and go beside it.
/// </summary>
public static partial class BpfIds
{
    /// <summary>One more than the highest number of enum bpf_attach_type that is asked about: __MAX_BPF_ATTACH_TYPE of Linux 6.12.</summary>
    private const int AttachTypes = 58;

    private const int MostPrograms = 64;

    /// <summary>errno.</summary>
    private const int ENOENT = 2;

    /// <summary>The id of the pinned map, link or program; null when there is no such pin.</summary>
    /// <exception cref="InvalidOperationException">The kernel refuses; with its errno.</exception>
    public static unsafe uint? OfPin(string path)
    {
        var result = bpf_obj_get(path);
        if (result == -ENOENT) return null;
        if (result < 0) throw new InvalidOperationException($"the kernel does not open {path}: errno {-result}");
        using var descriptor = new SafeFileHandle(result, ownsHandle: true);
        var info = default(ObjectInfo);
        var length = (uint)sizeof(ObjectInfo);
        result = bpf_obj_get_info_by_fd(descriptor, &info, &length);
        if (result != 0) throw new InvalidOperationException($"the kernel says nothing of {path}: errno {-result}");
        return info.Id;
    }

    /// <summary>Ids of the programs that are attached to a cgroup itself, at any of its hooks.</summary>
    /// <exception cref="InvalidOperationException">No hook can be asked about, or more programs are attached than there is room.</exception>
    public static unsafe IReadOnlyList<uint> AtCgroup(string path)
    {
        using var cgroup = Open(path);
        List<uint> found = [];
        var asked = 0;
        var room = stackalloc uint[MostPrograms];
        for (var type = 0; type < AttachTypes; type++)
        {
            uint flags, count = MostPrograms;
            // EINVAL: no hook of cgroups, or not known to this kernel.
            var result = bpf_prog_query(cgroup, type, 0, &flags, room, &count);
            if (result == 0) asked++;
            if (result == 0) found.AddRange(new ReadOnlySpan<uint>(room, (int)count));
        }
        return asked > 0 ? found : throw new InvalidOperationException($"the kernel answers for no hook of {path}");
    }

    private static SafeFileHandle Open(string path)
    {
        const int closeOnExec = 0x80000;
        var result = open(path, closeOnExec);
        return result >= 0 ? new SafeFileHandle(result, ownsHandle: true)
            : throw new InvalidOperationException($"{path} cannot be opened: errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libbpf.so.1", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int bpf_obj_get(string path);

    [LibraryImport("libbpf.so.1")]
    private static unsafe partial int bpf_obj_get_info_by_fd(SafeHandle fd, void* info, uint* length);

    [LibraryImport("libbpf.so.1")]
    private static unsafe partial int bpf_prog_query(SafeHandle target, int type, uint flags, uint* attachFlags, uint* ids, uint* count);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int open(string path, int flags);

    /// <summary>How bpf_map_info, bpf_link_info and bpf_prog_info of &lt;linux/bpf.h&gt; begin.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ObjectInfo
    {
        public uint Type;
        public uint Id;
    }
}
