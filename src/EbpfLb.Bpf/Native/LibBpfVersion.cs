using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>The libbpf that this process found.</summary>
public static class LibBpfVersion
{
    /// <summary>The oldest one that this library works with.</summary>
    public static Version Oldest { get; } = new(1, 1);

    /// <summary>Loads libbpf.so.1 and answers with its version.</summary>
    /// <exception cref="BpfException">ENOENT: there is none. ENOSYS: it is too old.</exception>
    public static Version Require()
    {
        Version found;
        try
        {
            found = new((int)LibBpf.libbpf_major_version(), (int)LibBpf.libbpf_minor_version());
        }
        catch (DllNotFoundException)
        {
            throw new BpfException(Errno.ENOENT, "load", "libbpf.so.1", "install it (Debian, Ubuntu: apt-get install libbpf1; Fedora: dnf install libbpf)");
        }

        return found >= Oldest
            ? found
            : throw new BpfException(Errno.ENOSYS, "load", $"libbpf.so.1 {found}", $"version {Oldest} or newer is needed");
    }
}
