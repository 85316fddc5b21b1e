using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using EbpfLb.Native;
using Microsoft.Win32.SafeHandles;

namespace EbpfLb.Datapath.Namespaces;

/// <summary>
/// A thread that goes through network namespaces. setns(2) moves one thread, so it is never one of a pool: it ends with its work,
/// wherever it is then.
/// </summary>
internal static class NamespaceThread
{
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
        if (LibC.setns(file, LibC.CLONE_NEWNET) == 0) return true;
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
        return LibC.getsockopt(socket.SafeHandle, LibC.SOL_SOCKET, LibC.SO_NETNS_COOKIE, out var cookie) == 0 ? cookie : 0;
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
        => LibC.ioctl(file, LibC.NS_GET_NSTYPE) == LibC.CLONE_NEWNET && LibC.statx(
            file, LibC.STATX_INO, out var status) == 0 ? status.stx_ino : null;
}
