using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Model;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>The file systems that pins and hooks are at.</summary>
internal static class MountChecks
{
    private const string Bpf = "mounts.bpffs", Cgroup = "mounts.cgroup2";

    public static IEnumerable<CheckResult> BpfFs(DoctorFacts facts)
    {
        if (Instances.PathsOf(facts.Kernel) is not { } paths)
        {
            yield return CheckResult.Warning(Bpf, $"no BPF file system is mounted; the agent mounts one at {BpfFileSystem.DefaultPath}",
                $"in Kubernetes give the pod the host's as hostPath {BpfFileSystem.DefaultPath}; else `mount -t bpf bpf "
                    + $"{BpfFileSystem.DefaultPath}`");
        }
        else if (BpfFileSystem.Holding(paths.BpfFs) is not { } mount)
        {
            yield return CheckResult.Problem(Bpf, $"{paths.BpfFs} is no BPF file system",
                $"`mount -t bpf bpf {paths.BpfFs}`, or leave {OptionNames.Bpffs} out");
        }
        else if (MountLifetime.OfThisProcess().EndsWithNamespace(mount))
        {
            yield return CheckResult.Problem(Bpf,
                $"the BPF file system at {mount.Point} is private to this mount namespace: what is pinned there ends with it",
                $"mount the host's there; in Kubernetes: hostPath {BpfFileSystem.DefaultPath}");
        }
        // An agent that runs has shown that it can; what this process may is another matter.
        else if (!facts.IsAgentAlive && BpfFileSystem.WhyReadOnly(paths.BpfFs) is { } why)
            yield return CheckResult.Problem(Bpf, $"nothing can be pinned at {paths.BpfFs}", why);
        else yield return CheckResult.Ok(Bpf, $"a BPF file system is mounted at {mount.Point}");
    }

    public static IEnumerable<CheckResult> CgroupRoot(DoctorFacts facts)
    {
        var named = facts.Start.Instance.CgroupRoot;
        if ((named ?? CgroupFileSystem.Find()) is not { } root)
            return [CheckResult.Warning(Cgroup, "no cgroup2 is mounted; the agent mounts one of its own",
                "`mount -t cgroup2 none /sys/fs/cgroup/unified`, or in Kubernetes hostPath /sys/fs/cgroup")];
        if (!Directory.Exists(root))
            return [CheckResult.Problem(Cgroup, $"{OptionNames.CgroupRoot} {root} does not exist",
                "make the cgroup, or leave the option out for the root of all")];
        if (CgroupFileSystem.WhyNone(root) is { } why)
        {
            var cut = why.IndexOf("; ", StringComparison.Ordinal);
            return [CheckResult.Problem(Cgroup, why[..cut], $"{why[(cut + 2)..]} ({OptionNames.CgroupRoot}, cgroupRoot)")];
        }
        return [Judge(root, CgroupFileSystem.IdOf(root), isNamed: named is not null)];
    }

    /// <param name="id">Of the cgroup at the path.</param>
    /// <param name="isNamed">By an option.</param>
    public static CheckResult Judge(string root, ulong id, bool isNamed) => id switch
    {
        CgroupFileSystem.RootId => CheckResult.Ok(Cgroup, $"{root} is the root of all cgroups"),
        _ when isNamed => CheckResult.Ok(Cgroup,
            $"hooks belong at {root}, as {OptionNames.CgroupRoot} says: processes outside of that cgroup are not served"),
        _ => CheckResult.Problem(Cgroup,
            $"what is mounted at {root} is not the root of all cgroups: sockets of pods outside of it are not served",
            $"give the agent the host's cgroup2 (in Kubernetes: hostPath /sys/fs/cgroup), or name its root by {OptionNames.CgroupRoot}"),
    };
}
