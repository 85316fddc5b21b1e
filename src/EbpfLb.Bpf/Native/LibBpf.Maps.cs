using System.Runtime.InteropServices;

namespace EbpfLb.Bpf.Native;

internal static unsafe partial class LibBpf
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_map_create(
        uint type, string name, uint keySize, uint valueSize, uint maxEntries, BpfMapCreateOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_map_update_elem(BpfFd fd, void* key, void* value, ulong flags);

    [LibraryImport(Library)]
    public static partial int bpf_map_lookup_elem_flags(BpfFd fd, void* key, void* value, ulong flags);

    [LibraryImport(Library)]
    public static partial int bpf_map_lookup_and_delete_elem(BpfFd fd, void* key, void* value);

    [LibraryImport(Library)]
    public static partial int bpf_map_delete_elem(BpfFd fd, void* key);

    [LibraryImport(Library)]
    public static partial int bpf_map_get_next_key(BpfFd fd, void* key, void* nextKey);

    [LibraryImport(Library)]
    public static partial int bpf_map_freeze(BpfFd fd);

    [LibraryImport(Library)]
    public static partial int bpf_map_update_batch(BpfFd fd, void* keys, void* values, uint* count, BpfMapBatchOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_map_delete_batch(BpfFd fd, void* keys, uint* count, BpfMapBatchOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_map_lookup_batch(
        BpfFd fd, void* inBatch, void* outBatch, void* keys, void* values, uint* count, BpfMapBatchOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_map_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    public static partial int bpf_map_get_next_id(uint start, uint* next);

    [StructLayout(LayoutKind.Sequential)]
    public struct BpfMapCreateOptions
    {
        public nuint Size;
        public uint BtfFd;
        public uint BtfKeyTypeId;
        public uint BtfValueTypeId;
        public uint BtfVmlinuxValueTypeId;
        public uint InnerMapFd;
        public uint Flags;
        public ulong Extra;
        public uint NumaNode;
        public uint InterfaceIndex;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct BpfMapBatchOptions
    {
        public nuint Size;
        public ulong ElementFlags;
        public ulong Flags;
    }
}
