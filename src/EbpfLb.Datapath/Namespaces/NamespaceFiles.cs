using System.Globalization;
using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Namespaces;

/// <summary>
/// Where network namespaces can be opened: mounts of nsfs, of this mount namespace and of the machine's first process, and the
/// namespaces that processes are in.
/// </summary>
internal static class NamespaceFiles
{
    private const string InitRoot = "/proc/1/root";

    /// <summary>Left for mounts that a mountinfo of another mount namespace would name; opening tells what they are.</summary>
    private static readonly string[] MountDirectories = ["/run/netns", "/var/run/netns"];

    /// <summary>Inode -> paths, the more lasting ones first.</summary>
    public static IReadOnlyDictionary<ulong, IReadOnlyList<string>> Find()
    {
        var found = new Dictionary<ulong, List<string>>();
        foreach (var (inode, path) in Mounts().Concat(Processes()))
        {
            if (!found.TryGetValue(inode, out var paths)) found.Add(inode, paths = []);
            paths.Add(path);
        }
        return found.ToDictionary(f => f.Key, f => (IReadOnlyList<string>)f.Value);
    }

    /// <summary>The number in "net:[4026531840]"; null: something else, or nothing.</summary>
    public static ulong? InodeOf(string? name)
        => name is not null && name.StartsWith("net:[", StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(5).TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out var inode)
            ? inode
            : null;

    /// <summary>Where a link of /proc leads; null: it is gone, or not ours to see.</summary>
    public static string? Target(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<(ulong Inode, string Path)> Mounts()
    {
        var ours = MountsOf("/proc/self/mountinfo", "");
        // In a container the host's mounts are seen only by way of the host's processes.
        var theirs = Target(InitRoot) is not null ? MountsOf("/proc/1/mountinfo", InitRoot) : [];
        return ours.Concat(theirs).Concat(MountDirectories.SelectMany(In));
    }

    private static List<(ulong Inode, string Path)> MountsOf(string mountinfo, string root)
    {
        List<(ulong, string)> found = [];
        if (Read(mountinfo) is not { } text) return found;
        foreach (var mount in Mount.Parse(text))
            if (mount.Type == "nsfs" && InodeOf(mount.Root) is { } inode) found.Add((inode, root + mount.Point));
        return found;
    }

    private static IEnumerable<(ulong Inode, string Path)> In(string directory)
    {
        if (!Directory.Exists(directory)) yield break;
        foreach (var path in Directory.EnumerateFiles(directory))
            if (NamespaceThread.InodeAt(path) is { } inode) yield return (inode, path);
    }

    private static IEnumerable<(ulong Inode, string Path)> Processes()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (!char.IsAsciiDigit(Path.GetFileName(process.AsSpan())[0])) continue;
            var path = process + "/ns/net";
            if (InodeOf(Target(path)) is { } inode) yield return (inode, path);
        }
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
