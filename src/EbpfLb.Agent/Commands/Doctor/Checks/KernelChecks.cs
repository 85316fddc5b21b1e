using System.Globalization;
using EbpfLb.Agent.Kernel;
using EbpfLb.Bpf;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>What the kernel is and has.</summary>
internal static class KernelChecks
{
    private const string VersionCheck = "kernel.version", FeatureCheck = "kernel.features";

    /// <summary>docs/kernels.md: the oldest that was tried, and the newest that is known not to do.</summary>
    private static readonly Version Tried = new(6, 1), TooOld = new(5, 14);

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
        if (version <= TooOld)
            return CheckResult.Problem(VersionCheck, $"Linux {release} refuses the agent's programs", $"use Linux {Tried} or newer");
        return version < Tried
            ? CheckResult.Warning(VersionCheck, $"Linux {release} was not tried", $"use Linux {Tried} or newer")
            : CheckResult.Ok(VersionCheck, $"Linux {release}");
    }

    public static IEnumerable<CheckResult> Judge(IReadOnlyList<KernelFeature> features)
    {
        var missing = features.Where(f => f.IsMissing).ToList();
        foreach (var feature in missing)
        {
            var finding = $"{feature.Name} is missing: {FeatureText.Lost(feature)}";
            yield return Needed.Contains(feature.Name) ? CheckResult.Problem(FeatureCheck, finding, RemedyOf(feature.Name))
                : CheckResult.Warning(FeatureCheck, finding, RemedyOf(feature.Name));
        }
        if (missing.Count == 0) yield return CheckResult.Ok(FeatureCheck, $"all {features.Count} that the agent makes use of");
    }

    private static string RemedyOf(string feature) => feature switch
    {
        KernelFeatures.BpfSyscall => Privileges.Advice,
        "jit" => "`sysctl -w net.core.bpf_jit_enable=1`",
        "bpf_skb_ct_lookup" => "`modprobe nf_conntrack`, then start the agent again; if it is loaded, use Linux 5.18 or newer",
        "kernel_btf" => "use a kernel that was built with CONFIG_DEBUG_INFO_BTF",
        _ => $"use Linux {Tried} or newer (tcx: 6.6)",
    };
}
