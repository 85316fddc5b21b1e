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
        try
        {
            using var map = BpfMap.Create(new MapSpec("lb_probe", MapType.Array, 4, 4, 1));
        }
        catch (BpfException e) when (e.Errno is Errno.EPERM or Errno.EACCES)
        {
            throw new BpfException(e.Errno, purpose, "needs the right to use BPF", Advice);
        }
    }
}
