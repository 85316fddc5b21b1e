using System.Runtime.InteropServices;
using System.Text;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>What the kernel says about a map (struct bpf_map_info).</summary>
/// <param name="Id">The kernel's id of the map, never reused while it lives.</param>
/// <param name="Name">At most 15 characters.</param>
/// <param name="Type">Kind of map.</param>
/// <param name="KeySize">Bytes of a key.</param>
/// <param name="ValueSize">Bytes of a value of one CPU.</param>
/// <param name="MaxEntries">Most elements (bytes for ring buffers).</param>
/// <param name="Flags">BPF_F_ flags it was created with.</param>
/// <param name="BtfId">Id of the BTF that describes key and value; 0: none.</param>
/// <param name="BtfKeyTypeId">Type of the key in it.</param>
/// <param name="BtfValueTypeId">Type of the value in it.</param>
public sealed record MapInfo(
    uint Id, string Name, MapType Type, uint KeySize, uint ValueSize, uint MaxEntries, MapFlags Flags,
    uint BtfId, uint BtfKeyTypeId, uint BtfValueTypeId)
{
    /// <summary>Every CPU has a value of its own.</summary>
    public bool IsPerCpu => Type is MapType.PerCpuArray or MapType.PerCpuHash or MapType.LruPerCpuHash;

    internal static unsafe MapInfo Read(BpfFd fd, string name)
    {
        Raw raw = default;
        var length = (uint)sizeof(Raw);
        Check.Result(LibBpf.bpf_obj_get_info_by_fd(fd, &raw, &length), "read info of map", name);
        return new MapInfo(
            raw.Id, KernelName.Read(raw.Name), (MapType)raw.Type, raw.KeySize, raw.ValueSize, raw.MaxEntries, (MapFlags)raw.Flags,
            raw.BtfId, raw.BtfKeyTypeId, raw.BtfValueTypeId);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Raw
    {
        public uint Type;
        public uint Id;
        public uint KeySize;
        public uint ValueSize;
        public uint MaxEntries;
        public uint Flags;
        public KernelName Name;
        public uint InterfaceIndex;
        public uint BtfVmlinuxValueTypeId;
        public ulong NetnsDevice;
        public ulong NetnsInode;
        public uint BtfId;
        public uint BtfKeyTypeId;
        public uint BtfValueTypeId;
        public uint Padding;
        public ulong Extra;
    }
}
