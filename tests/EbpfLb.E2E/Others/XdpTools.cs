using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Others;

/// <summary>
/// xdp-filter and xdp-loader on a node, with a BPF file system of their own. Where the kernel lets libxdp load programs of type EXT they
/// come below its dispatcher, else they are alone at the device.
/// </summary>
internal sealed class XdpTools : IDisposable
{
    private readonly ProcessPlace node;
    private readonly PrivateRoot root;

    public XdpTools(ProcessPlace node)
    {
        this.node = node;
        root = PrivateRoot.Start(node);
        root.Run("mount", "-t", "bpf", "none", "/sys/fs/bpf");
    }

    /// <summary>A program of xdp-filter's, for xdp-loader.</summary>
    public string Program => root.Run("sh", "-c", "ls /usr/lib/*/bpf/xdpfilt_alw_udp.o").Trim();

    public string Run(params IReadOnlyList<string> command) => root.Run(command);

    public (int ExitCode, string Output) Try(params IReadOnlyList<string> command) => root.Try(command);

    /// <summary>The program at the device, as ip shows it: "xdpfilt_alw_all (id 7"; "": none.</summary>
    public string ProgramAt(string device)
    {
        var (code, text) = ChildProcess.Run(node, RepositoryPaths.Tool("ip"), "-d", "link", "show", device);
        Assert.True(code == 0, text);
        var words = text.ReplaceLineEndings(" ").Split(' ', StringSplitOptions.RemoveEmptyEntries).ToList();
        var at = words.FindIndex(w => w.StartsWith("prog/xdp", StringComparison.Ordinal));
        return at < 0 ? "" : $"{words[at + 4]} (id {words[at + 2]}";
    }

    public void Dispose() => root.Dispose();
}
