using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// A root file system as a container runtime makes it: the layer of the image that tools/image writes (read-only), /proc of the
/// machine (hostPID) with /proc/sys read-only, /sys read-only, a few devices, the service account and the mounts of the DaemonSet. A mount
/// namespace holds it, so nothing is left when its processes have ended. <see cref="RuntimePod"/> has what runtimes do besides.
/// </summary>
internal sealed class PodRoot : AgentPod
{
    /// <summary>
    /// $1: directory of the files below; $2: the machine's cgroup2 tree, $3: bpffs, $4: the image's layer; then the command. setpriv and
    /// what it needs and the image has not are put beside it.
    /// </summary>
    private const string Enter = """
        set -e
        dir=$1 cgroup=$2 bpffs=$3 layer=$4; shift 4
        mount -t tmpfs -o mode=755 tmpfs "$dir/root"; cd "$dir/root"
        tar -xzf "$layer"
        mkdir -p var/run/secrets/kubernetes.io/serviceaccount .test
        cp -L /usr/bin/setpriv $(ldd /usr/bin/setpriv | awk '/libcap-ng/ { print $3 }') .test
        for dev in null zero random urandom; do : >dev/$dev; mount --bind /dev/$dev dev/$dev; done
        mount --rbind /proc proc; mount --bind /proc/sys proc/sys; mount -o remount,bind,ro proc/sys
        mount -t sysfs -o ro sysfs sys
        mount --bind "$bpffs" sys/fs/bpf
        mount --bind "$cgroup" host/sys/fs/cgroup; mount -o remount,bind,ro host/sys/fs/cgroup
        mount --bind "$dir/run" run/ebpflb
        mount --bind "$dir/config" etc/ebpflb; mount -o remount,bind,ro etc/ebpflb
        mount --bind "$dir/account" var/run/secrets/kubernetes.io/serviceaccount
        mount -o remount,ro "$dir/root"
        export PATH=/usr/bin LD_LIBRARY_PATH=/.test
        exec "$@"
        """;

    /// <param name="account">Files of the service account, by name.</param>
    public PodRoot(NodeNetns node, IReadOnlyDictionary<string, string> account)
        : base(node, account)
    {
        // The script above makes each mount of the DaemonSet, and no other.
        Assert.Equal(
            ["/etc/ebpflb", "/host/sys/fs/cgroup", "/run/ebpflb", "/sys/fs/bpf"], KubernetesBase.Mounts.Select(m => m.Path).Order());
        Assert.Equal(["/etc/ebpflb", "/host/sys/fs/cgroup"], KubernetesBase.Mounts.Where(m => m.IsReadOnly).Select(m => m.Path).Order());
    }

    /// <summary>The node's, in the whole machine's tree.</summary>
    protected override string CgroupRoot => Node.Cgroup.Path[CgroupMount.Length..];

    private static string CgroupMount
        => EbpfLb.Bpf.CgroupFileSystem.Find() ?? throw new InvalidOperationException("cgroup2 is not mounted");

    private ProcessPlace Place => Node.Place with { CgroupPath = Node.Cgroup.Child("agent").Path };

    public override (int ExitCode, string Output) Command(string verb, params IReadOnlyList<string> arguments)
        => ChildProcess.Run(Place, [.. EnterWith(KubernetesBase.Capabilities), verb, .. arguments, "--instance", Node.Netns]);

    protected override ChildProcess Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
        => ChildProcess.Start(Place, [.. EnterWith(KubernetesBase.Capabilities), .. arguments], environment);

    private IEnumerable<string> EnterWith(IReadOnlyList<string> capabilities) =>
    [
        RepositoryPaths.Tool("unshare"), "--mount", "--propagation", "private", "--", "/bin/bash", "-c", Enter, "enter",
        Directory, CgroupMount, BpfFs.MountPoint, Image.LayerFile,
        RepositoryPaths.Tool("chroot"), PathOf("root"),
        "/.test/setpriv", "--inh-caps=-all",
        $"--bounding-set=-all{string.Concat(capabilities.Select(c => $",+{c[4..].ToLowerInvariant()}"))}", "--no-new-privs", "--",
        .. Image.Entrypoint,
    ];
}
