using System.Globalization;

namespace EbpfLb.Bpf;

/// <summary>
/// Why the kernel may have answered EPERM, as far as this process can find out: missing capabilities, a user namespace, lockdown,
/// a filter of system calls.
/// </summary>
internal static class PermissionAdvice
{
    /// <summary>
    /// What BPF wants, by number in linux/capability.h. CAP_SYS_ADMIN stands for each of them (bpf_capable(), perfmon_capable(),
    /// bpf_net_capable()).
    /// </summary>
    private static readonly (int Number, string Name)[] Needed = [(39, "CAP_BPF"), (12, "CAP_NET_ADMIN"), (38, "CAP_PERFMON")];

    private const int SysAdmin = 21;

    /// <summary>The lockdown file of the securityfs, of this mount namespace and of the machine's first process.</summary>
    private static readonly string[] LockdownFiles = ["/sys/kernel/security/lockdown", "/proc/1/root/sys/kernel/security/lockdown"];

    /// <summary>For this process, now. One line.</summary>
    public static string Get()
        => Get(Read("/proc/self/status"), Read("/proc/self/uid_map"), LockdownFiles.Select(Read).FirstOrDefault(text => text is not null));

    /// <param name="status">/proc/self/status; null: it cannot be read.</param>
    /// <param name="uidMap">/proc/self/uid_map.</param>
    /// <param name="lockdown">/sys/kernel/security/lockdown: the level in force is in brackets; null: it cannot be read.</param>
    public static string Get(string? status, string? uidMap, string? lockdown)
    {
        if (Effective(status) is not { } capabilities) return Privileges.Advice;
        var missing = Has(capabilities, SysAdmin) ? [] : Needed.Where(c => !Has(capabilities, c.Number)).Select(c => c.Name).ToList();
        if (missing.Count > 0)
            return $"this process lacks {string.Join(", ", missing)}: run as root, or grant {(missing.Count == 1 ? "it" : "them")}";
        if (uidMap is not null
            && !uidMap.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).SequenceEqual(["0", "0", "4294967295"]))
            return "this process is in a user namespace, whose capabilities do not count for BPF: run it in the initial one";
        // Containers see no file of lockdown, and most have a filter.
        var filter = HasFilter(status) ? "the container's seccomp filter (seccompProfile), " : "";
        return Level(lockdown) switch
        {
            null
                => $"this process has the capabilities: {filter}kernel lockdown or another security module refuses "
                    + "it (the state of lockdown, /sys/kernel/security/lockdown, cannot be read)",
            "none"
                => "this process has the capabilities and the kernel is not locked "
                    + "down: a security module or a seccomp filter refuses it",
            var level => $"this process has the capabilities: {filter}kernel lockdown ({level}) or another security module refuses it",
        };
    }

    private static ulong? Effective(string? status)
    {
        var line = status?.Split('\n').FirstOrDefault(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        return line is not null && ulong.TryParse(
            line.AsSpan("CapEff:".Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var mask) ? mask : null;
    }

    /// <summary>SECCOMP_MODE_FILTER, in proc_pid_status(5).</summary>
    private static bool HasFilter(string? status) => status?.Split('\n').Contains("Seccomp:\t2") ?? false;

    private static bool Has(ulong capabilities, int number) => (capabilities >> number & 1) != 0;

    private static string? Level(string? lockdown)
    {
        var start = lockdown?.IndexOf('[', StringComparison.Ordinal) ?? -1;
        var end = lockdown?.IndexOf(']', StringComparison.Ordinal) ?? -1;
        return start >= 0 && end > start ? lockdown![(start + 1)..end] : null;
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
