using System.Runtime.InteropServices;

namespace EbpfLb.Bpf.Native;

/// <summary>Objects, their maps and programs (<c>bpf/libbpf.h</c>). Pointers belong to the object and die with it.</summary>
internal static unsafe partial class LibBpf
{
    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_object__open_mem(void* bytes, nuint size, BpfObjectOpenOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_object__load(BpfObjectHandle handle);

    [LibraryImport(Library)]
    public static partial void bpf_object__close(nint handle);

    /// <summary>0: it has none.</summary>
    [LibraryImport(Library)]
    public static partial nint bpf_object__btf(BpfObjectHandle handle);

    [LibraryImport(Library)]
    public static partial nint bpf_object__next_map(BpfObjectHandle handle, nint map);

    [LibraryImport(Library)]
    public static partial nint bpf_object__next_program(BpfObjectHandle handle, nint program);

    [LibraryImport(Library)]
    public static partial byte* bpf_map__name(nint map);

    [LibraryImport(Library)]
    public static partial uint bpf_map__type(nint map);

    [LibraryImport(Library)]
    public static partial uint bpf_map__key_size(nint map);

    [LibraryImport(Library)]
    public static partial uint bpf_map__value_size(nint map);

    [LibraryImport(Library)]
    public static partial uint bpf_map__max_entries(nint map);

    [LibraryImport(Library)]
    public static partial uint bpf_map__map_flags(nint map);

    [LibraryImport(Library)]
    public static partial byte bpf_map__is_internal(nint map);

    [LibraryImport(Library)]
    public static partial int bpf_map__fd(nint map);

    [LibraryImport(Library)]
    public static partial int bpf_map__set_max_entries(nint map, uint maxEntries);

    [LibraryImport(Library)]
    public static partial int bpf_map__set_map_flags(nint map, uint flags);

    [LibraryImport(Library)]
    public static partial int bpf_map__set_autocreate(nint map, byte create);

    [LibraryImport(Library)]
    public static partial int bpf_map__set_inner_map_fd(nint map, BpfFd fd);

    [LibraryImport(Library)]
    public static partial int bpf_map__reuse_fd(nint map, BpfFd fd);

    [LibraryImport(Library)]
    public static partial byte* bpf_map__initial_value(nint map, nuint* size);

    [LibraryImport(Library)]
    public static partial byte* bpf_program__name(nint program);

    [LibraryImport(Library)]
    public static partial byte* bpf_program__section_name(nint program);

    [LibraryImport(Library)]
    public static partial uint bpf_program__type(nint program);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_type(nint program, uint type);

    [LibraryImport(Library)]
    public static partial uint bpf_program__expected_attach_type(nint program);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_expected_attach_type(nint program, uint type);

    [LibraryImport(Library)]
    public static partial byte bpf_program__autoload(nint program);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_autoload(nint program, byte load);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_log_buf(nint program, byte* buffer, nuint size);

    [LibraryImport(Library)]
    public static partial int bpf_program__fd(nint program);

    /// <summary>The head of struct bpf_object_open_opts; libbpf takes what follows as zero.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct BpfObjectOpenOptions
    {
        public nuint Size;
        public byte* ObjectName;
        public byte RelaxedMaps;
        public byte* PinRootPath;
    }
}
