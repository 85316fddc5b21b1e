using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfLb.Datapath.Namespaces;

/// <summary>
/// A thread that goes through network namespaces. setns(2) moves one thread, so it is never one of a pool: it ends with its work,
/// wherever it is then.
/// </summary>
internal static partial class NamespaceThread
{
    private const int CLONE_NEWNET = 0x40000000;
    private const nuint NS_GET_NSTYPE = 0xb703;
    private const int AT_EMPTY_PATH = 0x1000;
    private const uint STATX_INO = 0x100;
    private const int SOL_SOCKET = 1;
    private const int SO_NETNS_COOKIE = 71;

    /// <summary>Runs the work on a new thread and returns its result or its exception.</summary>
    public static T Run<T>(Func<T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = work();
            }
#pragma warning disable CA1031 // Whatever it is, the caller gets it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }) { IsBackground = true, Name = "network namespaces" };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    /// <summary>Moves the calling thread. False: there is no such namespace at the path, at least not any more.</summary>
    /// <exception cref="NamespaceException">The kernel does not let us.</exception>
    public static bool TryEnter(string path, ulong inode)
    {
        using var file = TryOpen(path);
        if (file is null || InodeOf(file) != inode) return false;
        if (SetNs(file, CLONE_NEWNET) == 0) return true;
        throw new NamespaceException(Marshal.GetLastPInvokeError(), $"enter the network namespace {path}");
    }

    /// <summary>The namespace that a file is; null: it is none, or there is no file.</summary>
    public static ulong? InodeAt(string path)
    {
        using var file = TryOpen(path);
        return file is null ? null : InodeOf(file);
    }

    /// <summary>The cookie of the namespace that the calling thread is in; 0 when the kernel does not tell.</summary>
    public static ulong Cookie()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var length = sizeof(ulong);
        return GetSockOpt(socket.SafeHandle, SOL_SOCKET, SO_NETNS_COOKIE, out var cookie, ref length) == 0 ? cookie : 0;
    }

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static ulong? InodeOf(SafeFileHandle file)
        => Ioctl(file, NS_GET_NSTYPE) == CLONE_NEWNET && Statx(file, "", AT_EMPTY_PATH, STATX_INO, out var status) == 0 ? status.Inode : null;

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNs(SafeHandle file, int type);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeHandle file, nuint request);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeHandle file, string path, int flags, uint mask, out FileStatus status);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    private static partial int GetSockOpt(SafeHandle socket, int level, int option, out ulong value, ref int length);

    /// <summary>struct statx: its layout is the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct FileStatus
    {
        [FieldOffset(32)] public ulong Inode;
    }
}
