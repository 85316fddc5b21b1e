using System.Runtime.InteropServices;
using Package = Tmds.Linux.LibC;

namespace EbpfLb.Native;

/// <summary>
/// What Tmds.LibC does not have. A number that x86-64 and arm64 do not share has both; a test compares all with another source.
/// </summary>
internal static unsafe partial class LibC
{
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;
    public const int NS_GET_NSTYPE = 0xb703;
    public const int M_TRIM_THRESHOLD = -1;
    public const int M_MMAP_THRESHOLD = -3;
    private const int SYS_MEMBARRIER_X64 = 324;
    private const int SYS_MEMBARRIER_ARM64 = 283;

    private const string Library = "libc";

    private static int SYS_MEMBARRIER
        => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? SYS_MEMBARRIER_ARM64 : SYS_MEMBARRIER_X64;

    /// <summary>The C library has no function for it.</summary>
    public static int membarrier(int command) => (int)Package.syscall(SYS_MEMBARRIER, command, 0, 0);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int flock(SafeHandle file, int operation);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rename(string from, string to);

    /// <summary>The package has it, but does not keep errno.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int poll(Span<PollFd> fds, nuint count, int timeoutMilliseconds);

    /// <summary>
    /// <paramref name="arguments"/> is what a callback got as its va_list: a pointer on x86-64 (array type) and on
    /// arm64 (a 32-byte struct that the calling convention passes by address), so it is handed on untouched.
    /// </summary>
    [LibraryImport(Library)]
    public static partial int vsnprintf(byte* buffer, nuint size, byte* format, nint arguments);

    [LibraryImport(Library)]
    public static partial int mallopt(int parameter, int value);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int inotify_init1(int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int inotify_add_watch(int inotify, string path, uint mask);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int inotify_rm_watch(int inotify, int watch);

    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }
}
