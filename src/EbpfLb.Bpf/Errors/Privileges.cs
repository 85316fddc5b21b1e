using System.Globalization;
using EbpfLb.Native;

namespace EbpfLb.Bpf;

/// <summary>Whether this process may use BPF at all.</summary>
public static class Privileges
{
    /// <summary>All that an agent makes use of; docs/operations.md says for what.</summary>
    public static IReadOnlyList<string> Capabilities { get; } =
        ["CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_NET_BROADCAST", "CAP_SYS_RESOURCE"];

    /// <summary>The one message for a process that lacks the rights.</summary>
    public static string Advice { get; }
        = $"run as root (in Kubernetes: a privileged container, or one with {string.Join(", ", Capabilities)})";

    /// <summary>What a process can do that may not write where it must: root's rights, or what keeps root from it.</summary>
    public static string AdviceOnFiles => IsRoot ? Confinement.Advice() : Advice;

    /// <summary>What programs cannot be loaded without, by number (linux/capability.h); CAP_SYS_ADMIN stands for each of them.</summary>
    private static readonly (int Number, string Name)[] ForPrograms = [(39, "CAP_BPF"), (38, "CAP_PERFMON"), (12, "CAP_NET_ADMIN")];

    private const int SysAdmin = 21;

    /// <summary>
    /// Which capabilities this process lacks, with <see cref="Advice"/>; null: none. The verifier does not say so: without CAP_PERFMON it
    /// refuses a program at the first pointer that it does not like.
    /// </summary>
    public static string? Missing()
    {
        if (Effective() is not { } mask || Has(SysAdmin)) return null;
        var missing = ForPrograms.Where(c => !Has(c.Number)).Select(c => c.Name).ToList();
        return missing.Count == 0 ? null : $"this process lacks {string.Join(", ", missing)}; {Advice}";

        bool Has(int number) => (mask >> number & 1) != 0;
    }

    /// <summary>libbpf enumerates the BTF of modules, which wants CAP_SYS_ADMIN.</summary>
    internal static bool MayReadBtfOfModules() => Effective() is not { } mask || (mask >> SysAdmin & 1) != 0;

    private static ulong? Effective()
    {
        const string Name = "CapEff:";
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith(Name, StringComparison.Ordinal));
        return line is not null && ulong.TryParse(
            line.AsSpan(Name.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var mask) ? mask : null;
    }

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
