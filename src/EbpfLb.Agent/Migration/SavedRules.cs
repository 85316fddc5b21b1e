using System.Globalization;
using System.Text;

namespace EbpfLb.Agent.Migration;

/// <summary>
/// What was removed, in files of a directory that only root can read: what iptables-save and `nft list table` printed before. No file is
/// ever replaced: what a later run finds in a table (a kubelet makes chains again, an earlier run failed) is saved beside what was there
/// before, and put back after it. Files are deleted when all was put back.
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
    /// <param name="isNew">
    /// kube-proxy itself wrote rules: after a run that left nothing these are what to go back to, and what that run saved is put aside.
    /// </param>
    public void Begin(bool isNew)
    {
        Make(directory);
        if (!IsDone || !isNew) return;
        var aside = FirstFree(Path.Combine(directory, Previous), "", out _);
        Make(aside);
        foreach (var file in DoneLast()) File.Move(file, Path.Combine(aside, Path.GetFileName(file)));
    }

    public void Save(FoundTable table) => Add($"{table.Tool.Kind}-{table.Tool.Family}-{table.Table.Name}", IptablesEnd, table.Text);

    public void Save(FoundNftTable table) => Add($"{Nftables}-{table.Family}", NftEnd, table.Text);

    public void End() => Write(Path.Combine(directory, Done), "");

    /// <summary>
    /// Before the first table is put back: a run that comes before the last one is goes on from here, and what was saved is not put aside.
    /// </summary>
    public void Reopen() => File.Delete(Path.Combine(directory, Done));

    /// <summary>Kind ("nft", "legacy"), family and text of each saved table of iptables; of the same table the oldest first.</summary>
    public IEnumerable<(string Kind, string Family, string Text)> Iptables()
        => Files(IptablesEnd, words: 3).Select(f => (f.Words[0], f.Words[1], File.ReadAllText(f.Path)));

    /// <summary>Family and text of each saved table of nftables; of the same table the oldest first.</summary>
    public IEnumerable<(string Family, string Text)> Nft()
        => Files(NftEnd, words: 2).Where(f => f.Words[0] == Nftables).Select(f => (f.Words[1], File.ReadAllText(f.Path)));

    /// <summary>All was put back. What is left when this is interrupted is old.</summary>
    public void Forget()
    {
        End();
        foreach (var file in DoneLast()) File.Delete(file);
    }

    /// <summary>All files. While some are left without it, those count as saved by the run that is under way.</summary>
    private List<string> DoneLast()
        => [.. from file in System.IO.Directory.GetFiles(directory) orderby Path.GetFileName(file) == Done, file select file];

    /// <param name="words">Of the name of a table; one more is the number of what was saved of it later.</param>
    private IEnumerable<(string[] Words, string Path)> Files(string end, int words)
    {
        if (!System.IO.Directory.Exists(directory)) return [];
        return from file in System.IO.Directory.EnumerateFiles(directory, "*" + end)
               let parts = Path.GetFileNameWithoutExtension(file).Split('-')
               let number = parts.Length == words ? 1
                   : parts.Length == words + 1 && int.TryParse(parts[words], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n
                   : 0
               where number > 0
               orderby string.Join('-', parts[..words]), number
               select (parts[..words], file);
    }

    /// <summary>Beside what was saved of the table before, unless that says the same.</summary>
    private void Add(string name, string end, string text)
    {
        var path = FirstFree(Path.Combine(directory, name), end, out var last);
        if (last is null || !Lines(File.ReadAllText(last)).SequenceEqual(Lines(text))) Write(path, text);
    }

    /// <summary>"nft-ip-nat.save", "nft-ip-nat-2.save" and so on.</summary>
    /// <param name="last">The one before; null: none is there.</param>
    private static string FirstFree(string name, string end, out string? last)
    {
        last = null;
        for (var number = 1; ; number++)
        {
            var path = number == 1 ? name + end : string.Create(CultureInfo.InvariantCulture, $"{name}-{number}{end}");
            if (!Path.Exists(path)) return path;
            last = path;
        }
    }

    /// <summary>Without the time at which iptables-save ran, and what its chains counted.</summary>
    private static IEnumerable<string> Lines(string text) => from line in text.Split('\n')
                                                             where !line.StartsWith('#')
                                                             select line.StartsWith(':') ? line.Split('[')[0] : line;

    private static void Make(string path)
        => System.IO.Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>On the disk before what it describes is removed.</summary>
    private static void Write(string path, string text)
    {
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
