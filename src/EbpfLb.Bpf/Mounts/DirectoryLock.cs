using System.Runtime.InteropServices;
using EbpfLb.Native;

namespace EbpfLb.Bpf;

/// <summary>
/// flock(2) on a directory. The kernel lets it go when the process ends, however it ends, and knows it by the directory itself: it holds
/// across mount and pid namespaces. While it is held the file system cannot be unmounted.
/// </summary>
public sealed class DirectoryLock : IDisposable
{
    private readonly BpfFd fd;
    private readonly FileIdentity identity;
    private readonly string path;

    private DirectoryLock(BpfFd fd, string path)
    {
        this.fd = fd;
        this.path = path;
        identity = FileIdentity.Of(fd);
    }

    /// <summary>The path still leads to the directory that is locked: nobody removed it, or mounted something over it.</summary>
    public bool IsInPlace => FileIdentity.Of(path) == identity;

    /// <summary>Locks a directory that exists; null when somebody else holds the lock.</summary>
    /// <exception cref="BpfException">ENOENT: there is no such directory. EACCES: it may not be opened.</exception>
    public static DirectoryLock? TryTake(string path)
    {
        while (true)
        {
            var fd = new BpfFd(Check.LastError(LibC.open(path, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC), "open directory", path));
            DirectoryLock? taken = null;
            try
            {
                if (LibC.flock(fd, LibC.LOCK_EX | LibC.LOCK_NB) != 0)
                {
                    var errno = (Errno)Marshal.GetLastPInvokeError();
                    return errno == Errno.EAGAIN ? null : throw new BpfException(errno, "lock directory", path);
                }
                taken = new DirectoryLock(fd, path);
                // Whoever held it may have removed the directory between opening and locking it.
                if (taken.IsInPlace) return taken;
                taken = null;
            }
            finally
            {
                if (taken is null) fd.Dispose();
            }
        }
    }

    /// <summary>Lets it go.</summary>
    public void Dispose() => fd.Dispose();
}
