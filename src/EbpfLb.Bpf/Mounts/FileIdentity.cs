using System.Globalization;
using EbpfLb.Native;
using FileStatus = Tmds.Linux.statx;

namespace EbpfLb.Bpf;

/// <summary>Which file it is, whatever path or descriptor leads to it.</summary>
/// <param name="Device">"major:minor" of its file system, as in <see cref="Mount.Device"/>.</param>
/// <param name="Inode">Its number there.</param>
public readonly record struct FileIdentity(string Device, ulong Inode)
{
    /// <summary>null: there is no such file, or it may not be looked at.</summary>
    public static FileIdentity? Of(string path) => LibC.statx(path, LibC.STATX_INO, out var status) == 0 ? From(status) : null;

    /// <summary>Of an open descriptor; a directory that was removed since still has its identity.</summary>
    public static FileIdentity Of(BpfFd fd)
    {
        Check.LastError(
            LibC.statx(fd, LibC.STATX_INO, out var status), "look at descriptor", fd.Value.ToString(CultureInfo.InvariantCulture));
        return From(status);
    }

    private static FileIdentity From(in FileStatus status)
        => new(string.Create(CultureInfo.InvariantCulture, $"{status.stx_dev_major}:{status.stx_dev_minor}"), status.stx_ino);
}
