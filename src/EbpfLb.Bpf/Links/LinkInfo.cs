using System.Runtime.InteropServices;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>enum bpf_link_type; the kinds made here.</summary>
public enum LinkType
{
    /// <summary>BPF_LINK_TYPE_CGROUP.</summary>
    Cgroup = 3,

    /// <summary>BPF_LINK_TYPE_ITER.</summary>
    Iterator = 4,

    /// <summary>BPF_LINK_TYPE_NETNS.</summary>
    Netns = 5,

    /// <summary>BPF_LINK_TYPE_XDP.</summary>
    Xdp = 6,

    /// <summary>BPF_LINK_TYPE_TCX.</summary>
    Tcx = 11,
}

/// <summary>What the kernel says about a link (struct bpf_link_info).</summary>
/// <param name="Id">The kernel's id of the link.</param>
/// <param name="Type">Kind of link.</param>
/// <param name="ProgramId">Id of the program that runs now.</param>
/// <param name="AttachType">The hook; meaningless for iterators.</param>
/// <param name="CgroupId">Of cgroup links: the cgroup's id (<see cref="CgroupFileSystem.IdOf"/>). 0: the cgroup is gone.</param>
/// <param name="InterfaceIndex">Of TCX and XDP links: the device. 0: the device is gone.</param>
public sealed record LinkInfo(uint Id, LinkType Type, uint ProgramId, AttachType AttachType, ulong CgroupId, uint InterfaceIndex)
{
    internal static unsafe LinkInfo Read(BpfFd fd, string name)
    {
        Raw raw = default;
        var length = (uint)sizeof(Raw);
        Check.Result(LibBpf.bpf_obj_get_info_by_fd(fd, &raw, &length), "read info of link", name);
        return (LinkType)raw.Type switch
        {
            LinkType.Cgroup => new(raw.Id, LinkType.Cgroup, raw.ProgramId, (AttachType)raw.CgroupAttachType, raw.CgroupId, 0),
            LinkType.Tcx => new(raw.Id, LinkType.Tcx, raw.ProgramId, (AttachType)raw.SecondWord, 0, raw.FirstWord),
            LinkType.Xdp => new(raw.Id, LinkType.Xdp, raw.ProgramId, AttachType.Xdp, 0, raw.FirstWord),
            var type => new(raw.Id, type, raw.ProgramId, default, 0, 0),
        };
    }

    /// <summary>struct bpf_link_info: the union starts at 16.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct Raw
    {
        [FieldOffset(0)] public uint Type;
        [FieldOffset(4)] public uint Id;
        [FieldOffset(8)] public uint ProgramId;
        [FieldOffset(16)] public ulong CgroupId;
        [FieldOffset(24)] public uint CgroupAttachType;
        [FieldOffset(16)] public uint FirstWord;
        [FieldOffset(20)] public uint SecondWord;
    }
}
