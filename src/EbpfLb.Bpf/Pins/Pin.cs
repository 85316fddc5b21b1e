using EbpfLb.Bpf.Native;
using EbpfLb.Native;

namespace EbpfLb.Bpf;

/// <summary>Names of maps, programs and links in a bpffs. A pin keeps its object alive when no process holds it.</summary>
public static class Pin
{
    private const string Unfinished = "-new";

    /// <summary>Whether it is what <see cref="Replace"/> leaves when its process is killed within.</summary>
    public static bool IsUnfinished(string path) => path.EndsWith(Unfinished, StringComparison.Ordinal);

    /// <summary>Opens what is pinned at a path.</summary>
    /// <param name="path">A path below a bpffs.</param>
    /// <param name="readOnly">Maps only: a descriptor that cannot write.</param>
    /// <exception cref="BpfException">ENOENT: no such pin. EPERM or EACCES: missing rights.</exception>
    public static unsafe BpfFd Open(string path, bool readOnly = false)
    {
        var options = new LibBpf.BpfObjGetOptions
        {
            Size = (nuint)sizeof(LibBpf.BpfObjGetOptions),
            FileFlags = readOnly ? (uint)MapFlags.ReadOnly : 0,
        };
        return new BpfFd(Check.Result(LibBpf.bpf_obj_get_opts(path, &options), "open pin", path));
    }

    /// <summary>Pins a map, program or link. Missing directories are made.</summary>
    /// <exception cref="BpfException">EEXIST: the name is taken. EPERM: the path is not below a bpffs, or has a dot in its
    /// name.</exception>
    public static void Add(BpfFd fd, string path)
    {
        MakeParent(path);
        var result = LibBpf.bpf_obj_pin(fd, path);
        if (result == -(int)Errno.EPERM && Privileges.IsRoot)
            throw new BpfException(Errno.EPERM, "pin at", path, "the path must lie on a bpffs, whose names must not contain a dot");
        Check.Result(result, "pin at", path);
    }

    /// <summary>Pins in place of what was pinned there before, atomically: the name always leads to one of the two.</summary>
    public static void Replace(BpfFd fd, string path)
    {
        var temporary = path + Unfinished;
        Remove(temporary);
        Add(fd, temporary);
        try
        {
            Move(temporary, path);
        }
        catch
        {
            Remove(temporary);
            throw;
        }
    }

    /// <summary>Renames a pin, replacing the target, within one bpffs.</summary>
    public static void Move(string from, string to) => Check.LastError(LibC.rename(from, to), $"rename pin {from} to", to);

    /// <summary>
    /// Removes a pin; false when there was none. The object lives on while something else refers to it. The kernel lets go of
    /// it a moment later (after an RCU grace period): where a link must be off its hook at once, <see cref="BpfLink.Detach"/> it first.
    /// </summary>
    public static bool Remove(string path)
    {
        if (!File.Exists(path))
            return false;
        Check.LastError(LibC.unlink(path), "unpin", path);
        return true;
    }

    /// <summary>Something is pinned at the path.</summary>
    public static bool Exists(string path) => File.Exists(path);

    private static void MakeParent(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? "/");
        }
        catch (UnauthorizedAccessException)
        {
            throw new BpfException(Errno.EACCES, "make directory for pin", path, Privileges.AdviceOnFiles);
        }
    }
}
