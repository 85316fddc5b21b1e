using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>Whether this process may use BPF at all.</summary>
public static class Privileges
{
    /// <summary>The one message for a process that lacks the rights.</summary>
    public const string Advice =
        "run as root (in Kubernetes: a privileged container, or CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON and CAP_SYS_ADMIN)";

    /// <summary>The effective user is root. In a user namespace root may still lack the capabilities; the kernel then says EPERM.</summary>
    public static bool IsRoot => LibC.geteuid() == 0;

    /// <summary>Tries one harmless BPF operation, so that missing rights are said once and first.</summary>
    /// <param name="purpose">What needs the rights, first words of the message: "ebpflb run".</param>
    /// <exception cref="BpfException">EPERM, with <see cref="Advice"/>.</exception>
    public static void Require(string purpose)
    {
        // Where kernel.unprivileged_bpf_disabled is 0 anybody may make maps; a socket hook always needs the capabilities.
        var errno = ProgramProbe.AddressErrno(AttachType.CgroupInet4Connect);
        if (errno is Errno.EPERM or Errno.EACCES)
            throw new BpfException(errno, purpose, "needs the right to use BPF", Advice);
    }
}
