using System.Globalization;
using EbpfLb.Agent.Kernel;
using EbpfLb.Bpf;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>What the kernel is and has.</summary>
internal static class KernelChecks
{
    private const string VersionCheck = "kernel.version", FeatureCheck = "kernel.features";

    /// <summary>docs/kernels.md: the oldest that was tried, and the newest that is known not to do.</summary>
    private static readonly Version Tried = new(6, 1), TooOld = new(5, 10);

    /// <summary>In releases of RHEL 8 to 10 and what is built of them: kernels that have parts of newer ones.</summary>
    private const string EnterpriseLinux = ".el";

    /// <summary>Without these the agent does not start; the others cost something.</summary>
    private static readonly HashSet<string> Needed = new(StringComparer.Ordinal)
    {
        KernelFeatures.BpfSyscall, "connect4", "connect6", "sendmsg4", "sendmsg6", "recvmsg4", "recvmsg6", "cgroup_link", "sk_storage",
        "mmap_array", "ring_buffer", "lru_hash",
    };

    public static IEnumerable<CheckResult> Version(DoctorFacts facts)
    {
        var release = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        yield return Judge(release, Parse(release));
        if (IsRealtime(File.ReadAllText("/proc/sys/kernel/version"))) yield return JudgeRealtime(release);
    }

    public static IEnumerable<CheckResult> Features(DoctorFacts facts) => Judge(KernelFeatures.Probe());

    /// <summary>"6.1.0-56-cloud-amd64" is 6.1; null: it begins with no numbers.</summary>
    public static Version? Parse(string release)
        => release.Split('.', '-') is [var major, var minor, ..] && int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture,
            out var a)
            && int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var b) ? new Version(a, b) : null;

    public static CheckResult Judge(string release, Version? version)
    {
        if (version is null) return CheckResult.NotKnown(VersionCheck, $"'{release}' is no version of Linux that is known");
        if (version >= Tried) return CheckResult.Ok(VersionCheck, $"Linux {release}");
        // Of 4.18 and 5.14 too: what such a kernel has does not follow from its number.
        var hasNewer = release.Contains(EnterpriseLinux, StringComparison.Ordinal) ? ", and has parts of newer kernels" : "";
        return version <= TooOld && hasNewer.Length == 0
            ? CheckResult.Problem(VersionCheck, $"Linux {release} refuses the agent's programs", $"use Linux {Tried} or newer")
            : CheckResult.Warning(VersionCheck, $"Linux {release} was not tried{hasNewer}",
                $"go by {FeatureCheck}, and by whether the agent starts; what was tried is Linux {Tried} and newer");
    }

    /// <summary>Built with CONFIG_PREEMPT_RT.</summary>
    /// <param name="build">"#1 SMP PREEMPT_RT Debian 6.12.57-1", as uname -v shows it.</param>
    public static bool IsRealtime(string build) => build.Contains("PREEMPT_RT", StringComparison.Ordinal);

    /// <summary>
    /// Without the lock of softirqs on a CPU (CONFIG_PREEMPT_RT_NEEDS_BH_LOCK) a packet may be handled while another one of the CPU is.
    /// </summary>
    public static CheckResult JudgeRealtime(string release) => CheckResult.Warning(VersionCheck,
        $"Linux {release} is a real-time kernel (PREEMPT_RT), which was not tried: two packets may share what programs note for one "
            + "on each CPU, and one of them go to a backend that was not chosen for it",
        "use a kernel without PREEMPT_RT on nodes that serve Services, or one with CONFIG_PREEMPT_RT_NEEDS_BH_LOCK");

    public static IEnumerable<CheckResult> Judge(IReadOnlyList<KernelFeature> features)
    {
        var missing = features.Where(f => f.IsMissing).ToList();
        var withoutJit = missing.Any(f => f.Name == KernelFeatures.Jit);
        foreach (var feature in missing)
        {
            var finding = $"{feature.Name} is missing: {FeatureText.Lost(feature)}";
            var remedy = RemedyOf(feature.Name == KernelFeatures.ConntrackLookupFunction && withoutJit ? KernelFeatures.Jit : feature.Name);
            yield return Needed.Contains(feature.Name) ? CheckResult.Problem(FeatureCheck, finding, remedy)
                : CheckResult.Warning(FeatureCheck, finding, remedy);
        }
        if (missing.Count == 0) yield return CheckResult.Ok(FeatureCheck, $"all {features.Count} that the agent makes use of");
    }

    private static string RemedyOf(string feature) => feature switch
    {
        KernelFeatures.BpfSyscall => Privileges.Advice,
        KernelFeatures.Jit => "`sysctl -w net.core.bpf_jit_enable=1`",
        KernelFeatures.ConntrackLookupFunction
            => "`modprobe nf_conntrack`, then start the agent again; if it is loaded, use Linux 5.18 or newer",
        "kernel_btf" => "use a kernel that was built with CONFIG_DEBUG_INFO_BTF",
        _ => $"use Linux {Tried} or newer (tcx: 6.6)",
    };
}
