using System.Globalization;
using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>Which file it is, whatever path or descriptor leads to it.</summary>
/// <param name="Device">"major:minor" of its file system, as in <see cref="Mount.Device"/>.</param>
/// <param name="Inode">Its number there.</param>
public readonly record struct FileIdentity(string Device, ulong Inode)
{
    /// <summary>null: there is no such file, or it may not be looked at.</summary>
    public static unsafe FileIdentity? Of(string path)
    {
        LibC.Status status;
        return LibC.statx(LibC.AT_FDCWD, path, 0, LibC.STATX_INO, &status) == 0 ? From(status) : null;
    }

    /// <summary>Of an open descriptor; a directory that was removed since still has its identity.</summary>
    public static unsafe FileIdentity Of(BpfFd fd)
    {
        LibC.Status status;
        Check.LastError(LibC.statx(fd.Value, "", LibC.AT_EMPTY_PATH, LibC.STATX_INO, &status), "look at descriptor", fd.Value.ToString(CultureInfo.InvariantCulture));
        return From(status);
    }

    private static FileIdentity From(in LibC.Status status) => new(string.Create(CultureInfo.InvariantCulture, $"{status.DeviceMajor}:{status.DeviceMinor}"), status.Inode);
}
