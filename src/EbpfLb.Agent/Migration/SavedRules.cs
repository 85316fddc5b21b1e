using System.Text;

namespace EbpfLb.Agent.Migration;

/// <summary>
/// What was removed, in files of a directory that only root can read: what iptables-save and `nft list table` printed before. Files of a
/// migration that was not finished are added to by the next one; those of a finished one make room for it.
/// </summary>
internal sealed class SavedRules(string directory)
{
    public const string DefaultDirectory = "/var/lib/ebpflb/migrate";

    private const string Done = "done", Previous = "previous", Nftables = "nftables";
    private const string IptablesEnd = ".save", NftEnd = ".nft";

    public string Directory => directory;

    /// <summary>A run ended, and nothing was left.</summary>
    public bool IsDone => File.Exists(Path.Combine(directory, Done));

    /// <summary>Before the first table of a run is saved.</summary>
    public void Begin()
    {
        Make(directory);
        if (!IsDone) return;
        var previous = Path.Combine(directory, Previous);
        if (System.IO.Directory.Exists(previous)) System.IO.Directory.Delete(previous, recursive: true);
        Make(previous);
        foreach (var file in System.IO.Directory.EnumerateFiles(directory))
            File.Move(file, Path.Combine(previous, Path.GetFileName(file)));
    }

    public void Save(FoundTable table) => Write($"{table.Tool.Kind}-{table.Tool.Family}-{table.Table.Name}{IptablesEnd}", table.Text);

    public void Save(FoundNftTable table) => Write($"{Nftables}-{table.Family}{NftEnd}", table.Text);

    public void End() => Write(Done, "");

    /// <summary>Kind ("nft", "legacy"), family and text of each saved table of iptables.</summary>
    public IEnumerable<(string Kind, string Family, string Text)> Iptables()
        => from file in Files(IptablesEnd)
           let parts = Path.GetFileNameWithoutExtension(file).Split('-')
           where parts.Length == 3
           select (parts[0], parts[1], File.ReadAllText(file));

    /// <summary>Family and text of each saved table of nftables.</summary>
    public IEnumerable<(string Family, string Text)> Nft()
        => from file in Files(NftEnd)
           let parts = Path.GetFileNameWithoutExtension(file).Split('-')
           where parts is [Nftables, _]
           select (parts[1], File.ReadAllText(file));

    /// <summary>All was put back.</summary>
    public void Forget()
    {
        foreach (var file in System.IO.Directory.EnumerateFiles(directory)) File.Delete(file);
    }

    private IEnumerable<string> Files(string end) => System.IO.Directory.Exists(directory)
        ? System.IO.Directory.EnumerateFiles(directory, "*" + end).Order(StringComparer.Ordinal) : [];

    private static void Make(string path)
        => System.IO.Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>On the disk before what it describes is removed.</summary>
    private void Write(string name, string text)
    {
        var path = Path.Combine(directory, name);
        using (var file = new FileStream(path + ".tmp", new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        File.Move(path + ".tmp", path, overwrite: true);
    }
}
