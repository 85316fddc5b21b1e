using System.Runtime.InteropServices;

namespace EbpfLb.Bpf;

/// <summary>The one place where a C result becomes an exception.</summary>
internal static class Check
{
    /// <summary>A libbpf result: 0 or more on success, -errno on failure.</summary>
    public static int Result(int result, string operation, string objectName)
    {
        if (result < 0)
            throw new BpfException((Errno)(-result), operation, objectName);
        return result;
    }

    /// <summary>A libc result: -1 and errno on failure. Must follow the call at once.</summary>
    public static int LastError(int result, string operation, string objectName)
    {
        if (result == -1)
            throw new BpfException((Errno)Marshal.GetLastPInvokeError(), operation, objectName);
        return result;
    }

    /// <summary>The error number in a libbpf result; None on success.</summary>
    public static Errno ErrnoOf(int result) => result < 0 ? (Errno)(-result) : Errno.None;
}
