using System.Runtime.InteropServices;

namespace EbpfLb.Testing.Processes;

/// <summary>The few calls of libc that the harness needs; C names kept.</summary>
internal static partial class Libc
{
    /// <summary>CLONE_NEWNET of &lt;sched.h&gt;.</summary>
    public const int CLONE_NEWNET = 0x40000000;
    public const int SIGKILL = 9;
    public const int SIGTERM = 15;

    /// <summary>setns(2): moves the calling thread only.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int setns(int fd, int nstype);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int sig);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(SafeHandle fd, nuint request, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(ref PollEntry entries, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(SafeHandle fd, Span<byte> to, nint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(SafeHandle fd, ReadOnlySpan<byte> from, nint count);

    /// <summary>In the namespace of the calling thread; 0: no such device.</summary>
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial uint if_nametoindex(string name);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public const short In = 1;

        public int Fd;
        public short Events;
        public short Revents;
    }
}
