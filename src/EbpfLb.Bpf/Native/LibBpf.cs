using System.Runtime.InteropServices;

namespace EbpfLb.Bpf.Native;

/// <summary>bpf(2) through libbpf 1.1+, under the C names (<c>bpf/bpf.h</c>). Every int result is an fd, 0 or -errno.</summary>
internal static unsafe partial class LibBpf
{
    /// <summary>Of TCX links: at the head of the row.</summary>
    public const uint BPF_F_BEFORE = 8;

    /// <summary>XDP_FLAGS_SKB_MODE and XDP_FLAGS_DRV_MODE of linux/if_link.h.</summary>
    public const uint XDP_FLAGS_SKB_MODE = 1 << 1, XDP_FLAGS_DRV_MODE = 1 << 2;

    private const string Library = "libbpf.so.1";

    [LibraryImport(Library)]
    public static partial uint libbpf_major_version();

    [LibraryImport(Library)]
    public static partial uint libbpf_minor_version();

    [LibraryImport(Library)]
    public static partial int libbpf_num_possible_cpus();

    [LibraryImport(Library)]
    public static partial nint libbpf_set_print(delegate* unmanaged[Cdecl]<int, byte*, nint, int> callback);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_obj_pin(BpfFd fd, string path);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_obj_get_opts(string path, BpfObjGetOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_obj_get_info_by_fd(BpfFd fd, void* info, uint* length);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_prog_load(
        uint type, string name, string license, ulong* instructions, nuint instructionCount, BpfProgLoadOptions* options);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint btf__load_from_kernel_by_id(uint id);

    [LibraryImport(Library)]
    public static partial byte* btf__raw_data(nint btf, uint* size);

    [LibraryImport(Library)]
    public static partial void btf__free(nint btf);

    [LibraryImport(Library)]
    public static partial int bpf_btf_load(void* bytes, nuint size, void* options);

    [LibraryImport(Library)]
    public static partial int bpf_prog_test_run_opts(BpfFd fd, BpfTestRunOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_prog_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    public static partial int bpf_prog_query(
        int targetFd, uint attachType, uint queryFlags, uint* attachFlags, uint* programIds, uint* programCount);

    [LibraryImport(Library)]
    public static partial int bpf_link_create(BpfFd program, int target, uint attachType, void* options);

    [LibraryImport(Library)]
    public static partial int bpf_link_update(BpfFd link, BpfFd newProgram, BpfLinkUpdateOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_iter_create(BpfFd link);

    [LibraryImport(Library)]
    public static partial int bpf_link_detach(BpfFd link);

    [LibraryImport(Library)]
    public static partial int bpf_link_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    public static partial int bpf_link_get_next_id(uint start, uint* next);

    [StructLayout(LayoutKind.Sequential)]
    public struct BpfObjGetOptions
    {
        public nuint Size;
        public uint FileFlags;
    }

    /// <summary>The begin of struct bpf_link_create_opts; what is not there counts as 0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct BpfLinkCreateOptions
    {
        public nuint Size;
        public uint Flags;
        public uint Pad;
        public uint* IteratorInfo;
        public uint IteratorInfoLength;
        public uint TargetBtfId;
    }

    /// <summary>struct bpf_prog_load_opts of libbpf 1.1.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct BpfProgLoadOptions
    {
        public nuint Size;
        public int Attempts;
        public uint ExpectedAttachType;
        public uint BtfFd;
        public uint Flags;
        public uint InterfaceIndex;
        public uint KernelVersion;
        public uint AttachBtfId;
        public uint AttachProgramFd;
        public uint AttachBtfObjectFd;
        public int* FdArray;
        public void* FunctionInfo;
        public uint FunctionInfoCount;
        public uint FunctionInfoRecordSize;
        public void* LineInfo;
        public uint LineInfoCount;
        public uint LineInfoRecordSize;
        public uint LogLevel;
        public uint LogSize;
        public byte* Log;
    }

    /// <summary>struct bpf_test_run_opts.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct BpfTestRunOptions
    {
        public nuint Size;
        public void* DataIn;
        public void* DataOut;
        public uint DataSizeIn;
        public uint DataSizeOut;
        public void* ContextIn;
        public void* ContextOut;
        public uint ContextSizeIn;
        public uint ContextSizeOut;
        public uint ReturnValue;
        public int Repeat;
        public uint Duration;
        public uint Flags;
        public uint Cpu;
        public uint BatchSize;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct BpfLinkUpdateOptions
    {
        public nuint Size;
        public uint Flags;
        public uint OldProgramFd;
    }
}
