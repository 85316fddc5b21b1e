using System.Runtime.InteropServices;
using System.Text;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>Probes by loading programs of a few instructions. Each answers null when it works, else the reason.</summary>
internal static unsafe class ProgramProbe
{
    private const string License = "Dual BSD/GPL";
    private const int SkStorageGet = 107;
    private const int SetRetvalHelper = 187;
    private const int SkcToMptcpSock = 196;
    private const short SocketInAddressContext = 64; // offsetof(struct bpf_sock_addr, sk)

    /// <summary>A program of a cgroup address hook that lets everything pass.</summary>
    public static string? Address(AttachType hook) => TryLoad(ProgramType.CgroupSockAddr, hook, Instruction.Return(1));

    /// <summary>The same as an error number, None when it works.</summary>
    public static Errno AddressErrno(AttachType hook)
    {
        using var fd = Load(ProgramType.CgroupSockAddr, hook, Instruction.Return(1), out _, out var errno);
        return errno;
    }

    public static string? TryLoad(ProgramType type, AttachType hook, ReadOnlySpan<ulong> instructions)
    {
        using var fd = Load(type, hook, instructions, out var reason);
        return reason;
    }

    public static string? SetRetval() =>
        TryLoad(
            ProgramType.CgroupSockAddr, AttachType.CgroupInet4Connect,
            [Instruction.Move(1, -1), Instruction.Call(SetRetvalHelper), .. Instruction.Return(0)]);

    public static string? Mptcp() =>
        TryLoad(
            ProgramType.CgroupSockAddr, AttachType.CgroupInet4Connect,
            [Instruction.Load(1, 1, SocketInAddressContext), Instruction.Call(SkcToMptcpSock), .. Instruction.Return(1)]);

    public static string? Jit()
    {
        using var fd = Load(ProgramType.SocketFilter, default, Instruction.Return(0), out var reason);
        if (fd is null)
            return reason;
        return ProgramInfo.Read(fd, "lb_probe").IsJited ? null : "net.core.bpf_jit_enable is 0, or the kernel has no JIT";
    }

    /// <summary>A link at a descriptor that is no cgroup: EBADF from a kernel that got as far as looking at it.</summary>
    public static string? CgroupLink() =>
        AttachNowhere(ProgramType.CgroupSockAddr, AttachType.CgroupInet4Connect, AttachType.CgroupInet4Connect, -1, Errno.EBADF);

    /// <summary>A link at a device that does not exist: ENODEV from a kernel that got as far as looking for it.</summary>
    public static string? Tcx() =>
        AttachNowhere(ProgramType.SchedCls, default, AttachType.TcxIngress, int.MaxValue, Errno.ENODEV);

    /// <summary>bpf_sk_storage_get() on the socket of a connect(). Such maps must have BTF.</summary>
    public static string? SocketStorage()
    {
        using var btf = LoadIntBtf(out var reason);
        if (btf is null)
            return reason;
        var options = new LibBpf.BpfMapCreateOptions
        {
            Size = (nuint)sizeof(LibBpf.BpfMapCreateOptions),
            Flags = (uint)MapFlags.NoPrealloc,
            BtfFd = (uint)btf.Value,
            BtfKeyTypeId = 1,
            BtfValueTypeId = 1,
        };
        var result = LibBpf.bpf_map_create((uint)MapType.SkStorage, "lb_probe", 4, 4, 0, &options);
        if (result < 0)
            return $"creating a {MapType.SkStorage} map: {Check.ErrnoOf(result)}";
        using var map = new BpfFd(result);
        return TryLoad(
            ProgramType.CgroupSockAddr, AttachType.CgroupInet4Connect,
            [
                Instruction.Load(2, 1, SocketInAddressContext),
                .. Instruction.LoadMap(1, map.Value),
                Instruction.Move(3, 0),
                Instruction.Move(4, 0),
                Instruction.Call(SkStorageGet),
                .. Instruction.Return(1),
            ]);
    }

    private static string? AttachNowhere(ProgramType type, AttachType expected, AttachType hook, int target, Errno good)
    {
        using var program = Load(type, expected, Instruction.Return(1), out var reason);
        if (program is null)
            return reason;
        var result = LibBpf.bpf_link_create(program, target, (uint)hook, null);
        if (result >= 0)
        {
            // The target was not to exist; whatever it was, nothing stays attached.
            new BpfFd(result).Dispose();
            return null;
        }

        var errno = Check.ErrnoOf(result);
        return errno == good ? null : $"making a link at {hook}: {errno}";
    }

    private static BpfFd? Load(ProgramType type, AttachType hook, ReadOnlySpan<ulong> instructions, out string? reason) =>
        Load(type, hook, instructions, out reason, out _);

    private static BpfFd? Load(
        ProgramType type, AttachType hook, ReadOnlySpan<ulong> instructions, out string? reason, out Errno errno)
    {
        const int capacity = 4096;
        var log = stackalloc byte[capacity];
        log[0] = 0;
        var options = new LibBpf.BpfProgLoadOptions
        {
            Size = (nuint)sizeof(LibBpf.BpfProgLoadOptions),
            ExpectedAttachType = (uint)hook,
            Log = log,
            LogSize = capacity,
        };
        int result;
        fixed (ulong* first = instructions)
            result = LibBpf.bpf_prog_load((uint)type, "lb_probe", License, first, (nuint)instructions.Length, &options);
        errno = Check.ErrnoOf(result);
        if (result >= 0)
        {
            reason = null;
            return new BpfFd(result);
        }

        var said = VerifierText.LastWords(Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(log)));
        reason = $"loading a {type} program: {errno}{(said is null ? "" : $" ({said})")}";
        return null;
    }

    private static BpfFd? LoadIntBtf(out string? reason)
    {
        // Header, then type 1: a signed 32-bit "int" (name at 1, kind 1, size 4, encoding signed, 32 bits), then "\0int\0".
        ReadOnlySpan<uint> words = [0x0001eb9f, 24, 0, 16, 16, 5, 1, 1u << 24, 4, (1u << 24) | 32];
        ReadOnlySpan<byte> blob = [.. MemoryMarshal.AsBytes(words), .. "\0int\0"u8];
        int result;
        fixed (byte* bytes = blob)
            result = LibBpf.bpf_btf_load(bytes, (nuint)blob.Length, null);
        reason = result >= 0 ? null : $"loading BTF: {Check.ErrnoOf(result)}";
        return result >= 0 ? new BpfFd(result) : null;
    }
}
