using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Systemd;

/// <summary>
/// A node that systemd runs: the Debian of build/tools/node (tools/install-deps.sh) with systemd as the first process of namespaces of
/// its own, in the network namespace and the cgroup of a test's node. What is written there is in memory. Of the machine's settings it
/// can change those of that network namespace only. Nothing is left when the first process has ended.
/// </summary>
internal sealed class SystemdMachine : IDisposable
{
    /// <summary>
    /// The node's cgroup becomes the root of the cgroup namespace; only systemd itself may be in it, as it gives controllers to what is
    /// below.
    /// </summary>
    private const string Outside = """
        echo 0 >"$1/host/cgroup.procs" &&
            exec unshare --mount --propagation private --pid --fork --kill-child --uts --ipc -- bash -c "$2" systemd "$3" "$4"
        """;

    /// <summary>$1: directory of the base; $2: name of the machine. "container" tells systemd to leave clocks and devices alone.</summary>
    private const string Inside = """
        set -e
        echo "$2" >/proc/sys/kernel/hostname
        mount -t tmpfs -o mode=755 none /mnt
        mkdir /mnt/upper /mnt/work /mnt/root
        mount -t overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/work" none /mnt/root
        cd /mnt/root
        echo "$2" >etc/hostname
        mount -t proc none proc
        mount --bind proc/sys proc/sys; mount -o remount,bind,ro proc/sys
        mount --bind proc/sys/net proc/sys/net; mount -o remount,bind,rw proc/sys/net
        mount -t sysfs -o ro none sys
        mount -t cgroup2 none sys/fs/cgroup
        mount -t bpf -o mode=700 none sys/fs/bpf
        mount -t tmpfs -o mode=755 none run
        mount -t tmpfs -o mode=755 none dev
        for device in null zero full random urandom tty; do : >dev/$device; mount --bind /dev/$device dev/$device; done
        mkdir dev/pts dev/shm; mount -t tmpfs none dev/shm
        mount -t devpts -o newinstance,ptmxmode=0666 none dev/pts; ln -s pts/ptmx dev/ptmx
        : >dev/console; ln -s /dev/null etc/systemd/system/console-getty.service
        echo 0 >sys/fs/cgroup/cgroup.procs
        mkdir run/machine; pivot_root . run/machine; umount -l run/machine; rmdir run/machine
        echo ready
        exec env -i container=ebpflb-test PATH=/usr/sbin:/usr/bin /usr/lib/systemd/systemd --unit=multi-user.target
        """;

    private static readonly string Base = Path.Combine(RepositoryPaths.Root, "build", "tools", "node", "root");

    private readonly NodeNetns node;
    private readonly ChildProcess holder;
    private readonly string first = "";

    private SystemdMachine(NodeNetns node)
    {
        this.node = node;
        node.Cgroup.Child("host");
        holder = ChildProcess.Start(
            node.Place with { CgroupPath = node.Cgroup.Path },
            [RepositoryPaths.Tool("unshare"), "--cgroup", "--", RepositoryPaths.Tool("bash"), "-c", Outside, "machine",
                node.Cgroup.Path, Inside, Base, node.Name]);
        try
        {
            if (holder.ReadLine() != "ready") throw new InvalidOperationException($"no machine: {holder.Output}");
            first = File.ReadAllText($"/proc/{holder.Id}/task/{holder.Id}/children").Split(' ')[0];
            Eventually.True(() => Try("systemctl", "is-active", "multi-user.target").ExitCode == 0, Journal);
        }
        catch
        {
            holder.Dispose();
            throw;
        }
    }

    /// <exception cref="InvalidOperationException">Its files cannot be laid out; the message says why.</exception>
    /// <exception cref="TimeoutException">systemd does not come up; the message has its journal.</exception>
    public static SystemdMachine Start(NodeNetns node) => new(node);

    /// <summary>Runs a command to its end, whatever that is: as one on the node itself, in no unit.</summary>
    public (int ExitCode, string Output) Try(params IReadOnlyList<string> command) => ChildProcess.Run(node.Place,
        [RepositoryPaths.Tool("nsenter"), $"--target={first}", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--",
            "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin", "HOME=/root", "DEBIAN_FRONTEND=noninteractive", .. command]);

    /// <summary>Runs a command that has to go well, and returns what it printed, without the end of its last line.</summary>
    public string Execute(params IReadOnlyList<string> command)
    {
        var (code, output) = Try(command);
        Assert.True(code == 0, $"{string.Join(' ', command)} ended with {code}: {output}\n{Journal()}");
        return output.TrimEnd();
    }

    /// <summary>A property of a unit, as `systemctl show` has it.</summary>
    public string Property(string unit, string name) => Execute("systemctl", "show", "--property", name, "--value", unit);

    /// <summary>Where a file of the machine is for the test; valid while it runs.</summary>
    public string PathOf(string path) => $"/proc/{first}/root{path}";

    public bool Has(string path) => File.Exists(PathOf(path)) || Directory.Exists(PathOf(path));

    public void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(path))!);
        File.WriteAllText(PathOf(path), text);
    }

    /// <summary>Copies a file of the test there, with its rights.</summary>
    public void Copy(string file, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(path))!);
        File.Copy(file, PathOf(path));
    }

    /// <summary>
    /// Starts a unit that does nothing, with these lines in its section [Service], and returns where processes of it run: its cgroup,
    /// by which systemd's programs go.
    /// </summary>
    public ProcessPlace StartUnit(string name, params IReadOnlyList<string> lines)
    {
        Write($"/etc/systemd/system/{name}.service", $"[Service]\nExecStart=/usr/bin/sleep infinity\n{string.Join('\n', lines)}\n");
        Execute("systemctl", "daemon-reload");
        Execute("systemctl", "start", name);
        return node.Place with { CgroupPath = $"{node.Cgroup.Path}{Property(name, "ControlGroup")}" };
    }

    /// <summary>The end of what systemd and its units wrote.</summary>
    public string Journal() => Try("journalctl", "--no-pager", "--output", "cat", "--lines", "40").Output;

    /// <summary>The first process is killed with the one that waits for it, and all others with the first.</summary>
    public void Dispose() => holder.Dispose();
}
