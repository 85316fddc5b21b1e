namespace EbpfLb.Bpf;

/// <summary>The error numbers that bpf(2), mount(2) and libbpf answer with (asm-generic/errno.h, linux/errno.h, libbpf.h).</summary>
public enum Errno
{
    /// <summary>No error number: the library itself refused.</summary>
    None = 0,

    /// <summary>Missing capability, an exclusively attached program, or a frozen map.</summary>
    EPERM = 1,

    /// <summary>No such key, map, program, link or file.</summary>
    ENOENT = 2,

    /// <summary>Interrupted by a signal.</summary>
    EINTR = 4,

    /// <summary>Device not configured.</summary>
    ENXIO = 6,

    /// <summary>A hash map is full, or a key or value is larger than the kernel allows.</summary>
    E2BIG = 7,

    /// <summary>Stale file descriptor.</summary>
    EBADF = 9,

    /// <summary>Try again.</summary>
    EAGAIN = 11,

    /// <summary>The kernel could not allocate.</summary>
    ENOMEM = 12,

    /// <summary>No permission.</summary>
    EACCES = 13,

    /// <summary>Bad address.</summary>
    EFAULT = 14,

    /// <summary>Busy.</summary>
    EBUSY = 16,

    /// <summary>The key (or pin) exists already.</summary>
    EEXIST = 17,

    /// <summary>No such device.</summary>
    ENODEV = 19,

    /// <summary>Not a directory.</summary>
    ENOTDIR = 20,

    /// <summary>Is a directory.</summary>
    EISDIR = 21,

    /// <summary>The kernel does not know the command, type or flag, or an argument is wrong.</summary>
    EINVAL = 22,

    /// <summary>No descriptor is left in this process.</summary>
    EMFILE = 24,

    /// <summary>A bucket did not fit into a batch buffer; an LPM map is full; the verifier's log did not fit.</summary>
    ENOSPC = 28,

    /// <summary>Read-only file system.</summary>
    EROFS = 30,

    /// <summary>A number is out of range.</summary>
    ERANGE = 34,

    /// <summary>No such system call.</summary>
    ENOSYS = 38,

    /// <summary>Directory not empty.</summary>
    ENOTEMPTY = 39,

    /// <summary>The link is already detached.</summary>
    ENOLINK = 67,

    /// <summary>Not supported for this kind of object.</summary>
    EOPNOTSUPP = 95,

    /// <summary>The kernel's internal "not supported"; maps without batch operations answer it.</summary>
    ENOTSUPP = 524,

    /// <summary>libbpf: the ELF file is broken.</summary>
    LibbpfElf = 4000,

    /// <summary>libbpf: not a BPF object.</summary>
    LibbpfFormat = 4001,

    /// <summary>libbpf: relocation failed.</summary>
    LibbpfReloc = 4006,

    /// <summary>libbpf: the verifier refused the program.</summary>
    LibbpfVerify = 4007,
}
