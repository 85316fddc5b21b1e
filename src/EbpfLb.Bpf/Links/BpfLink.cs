using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>
/// A program at a hook. Without a pin the program leaves the hook when the last descriptor closes, so that a process that
/// dies leaves nothing behind; with a pin it stays.
/// </summary>
public sealed unsafe class BpfLink : IDisposable
{
    /// <summary>BPF_MPROG_MAX.</summary>
    private const int MaxTcxPrograms = 64;

    private readonly string name;

    internal BpfLink(BpfFd fd, string name)
    {
        Fd = fd;
        this.name = name;
    }

    /// <summary>The descriptor; owned by this link.</summary>
    public BpfFd Fd { get; }

    /// <summary>What the kernel says about it now.</summary>
    public LinkInfo Info => LinkInfo.Read(Fd, name);

    /// <summary>
    /// Puts a program at a hook of a cgroup and everything below it. Other programs of the same hook run too (multi-attach).
    /// </summary>
    /// <param name="program">Loaded with the same attach type.</param>
    /// <param name="cgroupPath">A directory of a cgroup2 file system, see <see cref="CgroupFileSystem"/>.</param>
    /// <param name="type">BPF_CGROUP_... hook.</param>
    /// <exception cref="BpfException">EPERM: somebody attached exclusively at this cgroup or above it. EINVAL: program and hook differ.
    /// EBADF: no cgroup2.</exception>
    public static BpfLink AttachCgroup(BpfProgram program, string cgroupPath, AttachType type)
    {
        using var cgroup = CgroupFileSystem.Open(cgroupPath);
        var what = $"{program.Name} at {type} of {cgroupPath}";
        var result = LibBpf.bpf_link_create(program.Fd, cgroup.Value, (uint)type, null);
        if (result == -(int)Errno.EPERM && Privileges.IsRoot)
        {
            throw new BpfException(
                Errno.EPERM, "attach", what,
                "another program is attached exclusively there or above (without "
                    + $"BPF_F_ALLOW_MULTI); see: bpftool cgroup show {cgroupPath} effective");
        }

        return new BpfLink(new BpfFd(Check.Result(result, "attach", what)), what);
    }

    /// <summary>Puts a tc program at a device (TCX, kernel 6.6), behind the programs that are there or before them.</summary>
    /// <param name="program">A <see cref="ProgramType.SchedCls"/> program.</param>
    /// <param name="interfaceIndex">Index of the device in the network namespace of the calling thread.</param>
    /// <param name="ingress">True: packets that come in; false: packets that leave.</param>
    /// <param name="first">Before the others. One of those that accepts a packet ends the row, and what is behind it does not see
    /// it.</param>
    /// <exception cref="BpfException">ENODEV: no such device here. EINVAL: the kernel has no TCX, use clsact.</exception>
    public static BpfLink AttachTcx(BpfProgram program, int interfaceIndex, bool ingress, bool first = false)
    {
        var type = ingress ? AttachType.TcxIngress : AttachType.TcxEgress;
        var what = $"{program.Name} at {type} of device {interfaceIndex}";
        var options = new LibBpf.BpfLinkCreateOptions
        {
            Size = (nuint)sizeof(LibBpf.BpfLinkCreateOptions), Flags = first ? LibBpf.BPF_F_BEFORE : 0,
        };
        var result = LibBpf.bpf_link_create(program.Fd, interfaceIndex, (uint)type, &options);
        if (result == -(int)Errno.EINVAL)
            throw new BpfException(Errno.EINVAL, "attach", what, "this kernel has no TCX links (6.6) or it is no tc program: use clsact");
        return new BpfLink(new BpfFd(Check.Result(result, "attach", what)), what);
    }

    /// <summary>Puts an XDP program at a device, which can have one (in each mode).</summary>
    /// <param name="program">An <see cref="ProgramType.Xdp"/> program.</param>
    /// <param name="interfaceIndex">Index of the device in the network namespace of the calling thread.</param>
    /// <param name="isGeneric">By the stack, in front of tc, which every device can; else by the driver.</param>
    /// <exception cref="BpfException">EBUSY: another program is there. EOPNOTSUPP: the driver has no XDP. ENODEV: no such device
    /// here.</exception>
    public static BpfLink AttachXdp(BpfProgram program, int interfaceIndex, bool isGeneric)
    {
        var what = $"{program.Name} at XDP of device {interfaceIndex}";
        var options = new LibBpf.BpfLinkCreateOptions
        {
            Size = (nuint)sizeof(LibBpf.BpfLinkCreateOptions), Flags = isGeneric ? LibBpf.XDP_FLAGS_SKB_MODE : LibBpf.XDP_FLAGS_DRV_MODE,
        };
        return new BpfLink(new BpfFd(
            Check.Result(LibBpf.bpf_link_create(program.Fd, interfaceIndex, (uint)AttachType.Xdp, &options), "attach", what)), what);
    }

    /// <summary>Makes an iterator program ready to be read (<see cref="BpfIterator"/>); nothing runs before that.</summary>
    /// <param name="program">A SEC("iter/...") program.</param>
    /// <param name="map">What it walks, when it walks the elements of a map.</param>
    /// <exception cref="BpfException">EINVAL: it is no iterator, or needs a map. EACCES: it reads more than the map's values
    /// have.</exception>
    public static BpfLink AttachIterator(BpfProgram program, BpfMap? map = null)
    {
        // union bpf_iter_link_info: a map's descriptor comes first.
        var info = stackalloc uint[4] { (uint)(map?.Fd.Value ?? 0), 0, 0, 0 };
        var options = new LibBpf.BpfLinkCreateOptions { Size = (nuint)sizeof(LibBpf.BpfLinkCreateOptions) };
        if (map is not null)
        {
            options.IteratorInfo = info;
            options.IteratorInfoLength = 4 * sizeof(uint);
        }

        var what = map is null ? program.Name : $"{program.Name} over {map.Name}";
        return new BpfLink(new BpfFd(
                Check.Result(LibBpf.bpf_link_create(program.Fd, 0, (uint)AttachType.TraceIterator, &options), "attach iterator", what)),
            what);
    }

    /// <summary>Ids of the programs at a device (TCX), ours and others', in the order in which they run.</summary>
    /// <param name="interfaceIndex">Index of the device in the network namespace of the calling thread.</param>
    /// <param name="ingress">True: packets that come in; false: packets that leave.</param>
    /// <exception cref="BpfException">ENODEV: no such device here. EINVAL: the kernel has no TCX.</exception>
    public static uint[] TcxProgramIds(int interfaceIndex, bool ingress)
    {
        var type = ingress ? AttachType.TcxIngress : AttachType.TcxEgress;
        var ids = new uint[MaxTcxPrograms];
        uint attachFlags = 0, count = MaxTcxPrograms;
        fixed (uint* pointer = ids)
            Check.Result(LibBpf.bpf_prog_query(interfaceIndex, (uint)type, 0, &attachFlags, pointer, &count), "read the programs of",
                $"{type} of device {interfaceIndex}");
        return ids[..(int)count];
    }

    /// <summary>Opens a pinned link.</summary>
    /// <exception cref="BpfException">ENOENT: no such pin.</exception>
    public static BpfLink OpenPinned(string path) => new(Pin.Open(path), path);

    /// <summary>Opens a link by its kernel id.</summary>
    /// <exception cref="BpfException">ENOENT: it is gone.</exception>
    public static BpfLink OpenId(uint id) =>
        new(new BpfFd(Check.Result(LibBpf.bpf_link_get_fd_by_id(id), "open link by id", id.ToString())), $"id {id}");

    /// <summary>Ids of all links of this kernel (also those of others).</summary>
    public static List<uint> Ids()
    {
        List<uint> ids = [];
        uint id = 0;
        while (LibBpf.bpf_link_get_next_id(id, &id) == 0)
            ids.Add(id);
        return ids;
    }

    /// <summary>Replaces the program atomically: every event sees the old or the new one, none is missed.</summary>
    /// <exception cref="BpfException">EINVAL: another kind of program. ENOLINK: the hook's cgroup or device is gone.</exception>
    public void Update(BpfProgram program) =>
        Check.Result(LibBpf.bpf_link_update(Fd, program.Fd, null), $"put {program.Name} in place of the program of", name);

    /// <summary>Takes the program off the hook now, although descriptors and pins of the link remain.</summary>
    public void Detach() => Check.Result(LibBpf.bpf_link_detach(Fd), "detach", name);

    /// <summary>Closes the descriptor; detaches when it was the last reference.</summary>
    public void Dispose() => Fd.Dispose();

    /// <inheritdoc/>
    public override string ToString() => name;
}
