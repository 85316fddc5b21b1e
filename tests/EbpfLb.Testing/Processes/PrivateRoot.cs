using System.Globalization;

namespace EbpfLb.Testing.Processes;

/// <summary>
/// Mounts and processes of their own in the network namespace of a place, for programs of others that rule a machine: packages that
/// tools/install-deps.sh unpacks lie over /usr and /etc, and what is written to /etc, /run and /var is in memory. All of it, also what
/// daemons start, is gone when this is, and when the test process ends.
/// </summary>
public sealed class PrivateRoot : IDisposable
{
    /// <summary>
    /// The first process of the namespaces: it lays out the files, says so, and waits for its input to end. modprobe is nobody's to call
    /// here: modules are the machine's.
    /// </summary>
    private const string Script = """
        set -e
        mount -t tmpfs none /run
        mkdir -p /run/lock /run/dbus /run/root/etc /run/root/etc.work /run/root/var /run/root/var.work
        mount -t overlay none -o "lowerdir=$1/usr:/usr" /usr
        mount -t overlay none -o "lowerdir=$1/etc:/etc,upperdir=/run/root/etc,workdir=/run/root/etc.work" /etc
        mount -t overlay none -o "lowerdir=/var,upperdir=/run/root/var,workdir=/run/root/var.work" /var
        [ ! -e /usr/sbin/modprobe ] || mount --bind /bin/true /usr/sbin/modprobe
        echo ready
        exec cat
        """;

    private readonly ProcessPlace place;
    private readonly ChildProcess holder;
    private readonly List<ChildProcess> daemons = [];
    private readonly string namespaces;

    private PrivateRoot(ProcessPlace place)
    {
        this.place = place;
        holder = ChildProcess.Start(place,
            [RepositoryPaths.Tool("unshare"), "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
                "sh", "-c", Script, "sh", Packages]);
        try
        {
            if (holder.ReadLine() != "ready") throw new InvalidOperationException($"no private root: {holder.Output}");
            var first = File.ReadAllText($"/proc/{holder.Id}/task/{holder.Id}/children").Split(' ')[0];
            namespaces = $"/proc/{first}/ns";
        }
        catch
        {
            holder.Dispose();
            throw;
        }
    }

    /// <summary>Where the packages of others are unpacked.</summary>
    private static string Packages { get; } = Path.Combine(RepositoryPaths.Root, "build", "tools", "others");

    /// <exception cref="InvalidOperationException">The files cannot be laid out; the message says why.</exception>
    public static PrivateRoot Start(ProcessPlace place) => new(place);

    /// <summary>What to put before a command that is to run here.</summary>
    public IReadOnlyList<string> Enter => [RepositoryPaths.Tool("nsenter"), $"--mount={namespaces}/mnt", $"--pid={namespaces}/pid", "--"];

    /// <summary>Starts a program that goes on until this is disposed of.</summary>
    public ChildProcess StartDaemon(params IReadOnlyList<string> command)
    {
        var daemon = ChildProcess.Start(place, Inside(command));
        daemons.Add(daemon);
        return daemon;
    }

    /// <summary>Runs a command to its end, whatever that is.</summary>
    public (int ExitCode, string Output) Try(params IReadOnlyList<string> command) => ChildProcess.Run(place, Inside(command));

    /// <summary>Runs a command that has to go well, and returns what it printed.</summary>
    /// <exception cref="InvalidOperationException">It did not.</exception>
    public string Run(params IReadOnlyList<string> command)
    {
        var (code, output) = Try(command);
        return code == 0 ? output : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"{string.Join(' ', command)} ended with {code}: {output}"));
    }

    public void Write(string path, string text)
    {
        var (code, output) = Try("sh", "-c", "printf %s \"$2\" >\"$1\"", "sh", path, text);
        if (code != 0) throw new InvalidOperationException($"{path}: {output}");
    }

    /// <summary>All that runs here ends with the first process.</summary>
    public void Dispose()
    {
        foreach (var daemon in Enumerable.Reverse(daemons)) daemon.Signal();
        holder.Dispose();
        foreach (var daemon in daemons) daemon.Dispose();
    }

    private IReadOnlyList<string> Inside(IReadOnlyList<string> command) => [.. Enter, .. command];
}
