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
    public static partial int kill(int pid, int sig);
}
