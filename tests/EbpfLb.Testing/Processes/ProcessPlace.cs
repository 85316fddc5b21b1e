namespace EbpfLb.Testing.Processes;

/// <summary>Where a process runs: path of its network namespace and directory of its cgroup; null means that of the caller.</summary>
public sealed record ProcessPlace(string? NetnsPath, string? CgroupPath)
{
    /// <summary>
    /// The command line that joins the place and then becomes the command, under one process id. The cgroup is joined first and
    /// `ip netns exec` avoided, because that mounts a fresh /sys in which cgroup2 and bpffs are missing.
    /// </summary>
    internal IReadOnlyList<string> Enter(IEnumerable<string> command)
    {
        var join = CgroupPath is null ? "" : $"echo $$ > '{CgroupPath}/cgroup.procs' && ";
        var enter = NetnsPath is null ? "" : $"{RepositoryPaths.Tool("nsenter")} --net='{NetnsPath}' -- ";
        return ["/bin/sh", "-c", $"{join}exec {enter}\"$@\"", "sh", .. command];
    }
}
