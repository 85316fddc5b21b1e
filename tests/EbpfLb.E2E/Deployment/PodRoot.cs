using System.Net;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// A root file system as a container runtime makes it: the layer of the image that tools/image writes (read-only), /proc of the
/// machine (hostPID) with /proc/sys read-only, /sys read-only, a few devices, the service account and the mounts of the DaemonSet. A mount
/// namespace holds it, so nothing is left when its processes have ended.
/// </summary>
internal sealed class PodRoot : IDisposable
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

    private readonly NodeNetns node;
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-pod-");
    private readonly ImageLayout image;
    private readonly HttpClient http;

    /// <param name="account">Files of the service account, by name.</param>
    public PodRoot(NodeNetns node, IReadOnlyDictionary<string, string> account)
    {
        this.node = node;
        image = ImageLayout.Write(directory.CreateSubdirectory("image").FullName);
        http = NetnsListener.HttpClient(node.Place.NetnsPath!);
        foreach (var name in new[] { "root", "run", "config", "account" }) directory.CreateSubdirectory(name);
        foreach (var (name, content) in account) File.WriteAllText(Path.Combine(directory.FullName, "account", name), content);
        // The script above makes each mount of the DaemonSet, and no other.
        Assert.Equal(
            ["/etc/ebpflb", "/host/sys/fs/cgroup", "/run/ebpflb", "/sys/fs/bpf"], KubernetesBase.Mounts.Select(m => m.Path).Order());
        Assert.Equal(["/etc/ebpflb", "/host/sys/fs/cgroup"], KubernetesBase.Mounts.Where(m => m.IsReadOnly).Select(m => m.Path).Order());
    }

    /// <summary>
    /// Starts the agent with the arguments of the DaemonSet and the configuration of deploy/kubernetes, for this node of a test.
    /// </summary>
    public ChildProcess Start(IReadOnlyList<string> arguments, Uri apiServer)
    {
        const string cgroupRoot = "/host/sys/fs/cgroup";
        var config = KubernetesBase.Config
            .Replace("https://<API-SERVER>:6443", apiServer.ToString(), StringComparison.Ordinal)
            .Replace(
                $"cgroupRoot: {cgroupRoot}", $"cgroupRoot: {cgroupRoot}{CgroupOfNode}\ninstance: {node.Netns}", StringComparison.Ordinal);
        Assert.Contains($"instance: {node.Netns}", config, StringComparison.Ordinal);
        Assert.Contains(apiServer.ToString(), config, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(directory.FullName, "config", "config.yaml"), config);
        return ChildProcess.Start(
            node.Place with { CgroupPath = node.Cgroup.Child("agent").Path },
            [.. EnterWith(KubernetesBase.Capabilities),
                .. arguments.Select(a => a.Replace("$(NODE_NAME)", node.Name, StringComparison.Ordinal))],
            // As the kubelet sets them: an address that nobody serves.
            new Dictionary<string, string>
            {
                ["KUBERNETES_SERVICE_HOST"] = "10.96.0.1", ["KUBERNETES_SERVICE_PORT"] = "443", ["NODE_NAME"] = node.Name,
            });
    }

    /// <summary>Runs another command in a second container like it, as `kubectl exec` does.</summary>
    public (int ExitCode, string Output) Command(string verb) => ChildProcess.Run(
        node.Place with { CgroupPath = node.Cgroup.Child("agent").Path },
        [.. EnterWith(KubernetesBase.Capabilities), verb, "--instance", node.Netns]);

    /// <summary>Runs the agent's binary on the host, beside the pod.</summary>
    public (int ExitCode, string Output) OnHost(string verb) => ChildProcess.Run(
        node.Place with { CgroupPath = null },
        [TestNode.Binary, verb, "--instance", node.Netns, "--run-dir", Path.Combine(directory.FullName, "run")]);

    public void WaitUntilReady(ChildProcess agent) => Eventually.True(
        () =>
        {
            if (agent.HasExited) throw new InvalidOperationException($"the agent ended:\n{agent.Output}");
            try
            {
                using var answer = http.GetAsync(new Uri("http://127.0.0.1:10256/readyz")).GetAwaiter().GetResult();
                return answer.StatusCode == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        () => $"the agent to be ready. Its log:\n{agent.Output}");

    public void Dispose()
    {
        http.Dispose();
        if (Directory.Exists(BpfFs.InstancePath(node.Netns))) Command("cleanup");
        directory.Delete(recursive: true);
    }

    /// <summary>Path of the node's cgroup below the mount of cgroup2.</summary>
    private string CgroupOfNode => node.Cgroup.Path[CgroupMount.Length..];

    private static string CgroupMount
        => EbpfLb.Bpf.CgroupFileSystem.Find() ?? throw new InvalidOperationException("cgroup2 is not mounted");

    private IEnumerable<string> EnterWith(IReadOnlyList<string> capabilities) =>
    [
        RepositoryPaths.Tool("unshare"), "--mount", "--propagation", "private", "--", "/bin/bash", "-c", Enter, "enter",
        directory.FullName, CgroupMount, BpfFs.MountPoint, image.LayerFile,
        RepositoryPaths.Tool("chroot"), Path.Combine(directory.FullName, "root"),
        "/.test/setpriv", "--inh-caps=-all",
        $"--bounding-set=-all{string.Concat(capabilities.Select(c => $",+{c[4..].ToLowerInvariant()}"))}", "--no-new-privs", "--",
        .. image.Entrypoint,
    ];
}
