using System.Runtime.InteropServices;
using Tmds.Linux;
using Package = Tmds.Linux.LibC;

namespace EbpfLb.Native;

/// <summary>
/// The few calls of the C library that .NET does not offer, under their C names: those of Tmds.LibC, with strings and handles in place of
/// pointers and numbers. Where a call fails, <see cref="Marshal.GetLastPInvokeError"/> has errno. The package has an assembly for each
/// architecture, so its numbers are those of the one that the program runs on.
/// </summary>
internal static unsafe partial class LibC
{
    public static int PROT_READ => Package.PROT_READ;
    public static int PROT_WRITE => Package.PROT_WRITE;
    public static int MAP_SHARED => Package.MAP_SHARED;
    public static int F_DUPFD_CLOEXEC => Package.F_DUPFD_CLOEXEC;
    public static int O_RDONLY => Package.O_RDONLY;
    public static int O_DIRECTORY => Package.O_DIRECTORY;
    public static int O_CLOEXEC => Package.O_CLOEXEC;
    public static int AT_FDCWD => Package.AT_FDCWD;
    public static int AT_EMPTY_PATH => Package.AT_EMPTY_PATH;
    public static uint STATX_INO => Package.STATX_INO;
    public static short POLLIN => Package.POLLIN;
    public static int EFD_CLOEXEC => Package.EFD_CLOEXEC;
    public static int EFD_NONBLOCK => Package.EFD_NONBLOCK;
    public static int CLONE_NEWNET => Package.CLONE_NEWNET;
    public static int EINTR => Package.EINTR;
    public static int ENOENT => Package.ENOENT;
    public static int ENOTDIR => Package.ENOTDIR;

    public static int close(int fd) => Package.close(fd);

    public static int fcntl(int fd, int command, int argument) => Package.fcntl(fd, command, argument);

    public static int open(string path, int flags)
    {
        using var name = new Utf8Text(path);
        return Package.open(name.Pointer, flags);
    }

    /// <summary>-1: it failed.</summary>
    public static nint mmap(nint address, nuint length, int protection, int flags, SafeHandle file, nint offset)
    {
        using var fd = new DescriptorLease(file);
        return (nint)Package.mmap((void*)address, (size_t)(ulong)length, protection, flags, fd.Value, offset);
    }

    public static int munmap(nint address, nuint length) => Package.munmap((void*)address, (size_t)(ulong)length);

    public static int mount(string source, string target, string type, uint flags, string? data)
    {
        using var from = new Utf8Text(source);
        using var to = new Utf8Text(target);
        using var kind = new Utf8Text(type);
        using var options = new Utf8Text(data);
        return Package.mount(from.Pointer, to.Pointer, kind.Pointer, flags, options.Pointer);
    }

    public static int umount2(string target, int flags)
    {
        using var name = new Utf8Text(target);
        return Package.umount2(name.Pointer, flags);
    }

    public static int statx(string path, uint mask, out statx status)
    {
        using var name = new Utf8Text(path);
        fixed (statx* to = &status)
            return Package.statx(AT_FDCWD, name.Pointer, 0, mask, to);
    }

    public static int statx(SafeHandle file, uint mask, out statx status)
    {
        using var fd = new DescriptorLease(file);
        byte empty = 0;
        fixed (statx* to = &status)
            return Package.statx(fd.Value, &empty, AT_EMPTY_PATH, mask, to);
    }

    public static int unlink(string path)
    {
        using var name = new Utf8Text(path);
        return Package.unlink(name.Pointer);
    }

    /// <summary>The handle of a file whose file system has handles of eight bytes.</summary>
    public static int name_to_handle_at(string path, out ulong id)
    {
        // struct file_handle ends with as many bytes as its first field says.
        var buffer = stackalloc ulong[(sizeof(file_handle) / sizeof(ulong)) + 1];
        var handle = (file_handle*)buffer;
        handle->handle_bytes = sizeof(ulong);
        int mount;
        using var name = new Utf8Text(path);
        var result = Package.name_to_handle_at(AT_FDCWD, name.Pointer, handle, &mount, 0);
        id = result == 0 ? *(ulong*)file_handle.f_handle(handle) : 0;
        return result;
    }

    public static uint geteuid() => Package.geteuid();

    public static int eventfd(uint initial, int flags) => Package.eventfd(initial, flags);

    public static nint write(SafeHandle file, ReadOnlySpan<byte> from)
    {
        using var fd = new DescriptorLease(file);
        fixed (byte* bytes = from)
            return (nint)(long)Package.write(fd.Value, bytes, from.Length);
    }

    public static nint read(SafeHandle file, Span<byte> to)
    {
        using var fd = new DescriptorLease(file);
        return read(fd.Value, to);
    }

    public static nint read(int fd, Span<byte> to)
    {
        fixed (byte* bytes = to)
            return (nint)(long)Package.read(fd, bytes, to.Length);
    }

    /// <summary>Moves the calling thread.</summary>
    public static int setns(SafeHandle file, int type)
    {
        using var fd = new DescriptorLease(file);
        return Package.setns(fd.Value, type);
    }

    public static int ioctl(SafeHandle file, int request)
    {
        using var fd = new DescriptorLease(file);
        return Package.ioctl(fd.Value, request);
    }
}
