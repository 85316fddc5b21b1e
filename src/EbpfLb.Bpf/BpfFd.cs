using System.Runtime.InteropServices;
using EbpfLb.Native;

namespace EbpfLb.Bpf;

/// <summary>Owns a file descriptor of a BPF map, program or link (or of a cgroup directory). Closed on dispose.</summary>
public sealed class BpfFd : SafeHandle
{
    /// <summary>Takes ownership of <paramref name="fd"/>.</summary>
    public BpfFd(int fd)
        : base(-1, ownsHandle: true) => SetHandle(fd);

    /// <inheritdoc/>
    public override bool IsInvalid => handle < 0;

    /// <summary>The number, for calls that take it by value (an inner map stored into an outer one). Stays owned here.</summary>
    public int Value => (int)handle;

    /// <summary>A second descriptor of the same kernel object, with a life of its own.</summary>
    /// <exception cref="BpfException">EMFILE: no descriptor is left.</exception>
    public BpfFd Duplicate()
    {
        using var lease = new DescriptorLease(this);
        return Duplicate(lease.Value);
    }

    internal static BpfFd Duplicate(int fd) =>
        new(Check.LastError(LibC.fcntl(fd, LibC.F_DUPFD_CLOEXEC, 0), "duplicate descriptor", fd.ToString()));

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;
}
