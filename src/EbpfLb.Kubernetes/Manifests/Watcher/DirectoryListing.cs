namespace EbpfLb.Kubernetes.Manifests.Watcher;

/// <summary>
/// The manifest files of a directory and its subdirectories. Names that begin with a dot (".git", "..data", ".web.yaml.swp")
/// and editors' copies ("web.yaml~", "#web.yaml#", "4913") are left out; symlinks to files are followed, symlinks to
/// directories are not, apart from the root itself.
/// </summary>
internal static class DirectoryListing
{
    private const int DeepestDirectory = 16;
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    private static readonly EnumerationOptions Options = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = DeepestDirectory,
        IgnoreInaccessible = true,
        AttributesToSkip = FileAttributes.None,
    };

    /// <summary>Whether a file of this name is read.</summary>
    public static bool IsManifest(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty || name[0] is '.' or '#') return false;
        foreach (var extension in Extensions)
        {
            if (name.Length > extension.Length && name.EndsWith(extension, StringComparison.OrdinalIgnoreCase)) return true;
        }
        return false;
    }

    /// <summary>Lists the files, by their path below the root in the order of code points.</summary>
    /// <param name="path">A directory, or one file that is taken whatever its name is.</param>
    /// <returns>null when the path is not there.</returns>
    public static SortedDictionary<string, FileInfo>? Read(string path)
    {
        var files = new SortedDictionary<string, FileInfo>(StringComparer.Ordinal);
        var directory = Resolve(path);
        if (directory is null)
        {
            var file = new FileInfo(path);
            if (!file.Exists) return null;
            files.Add(file.Name, file);
            return files;
        }
        var found = new System.IO.Enumeration.FileSystemEnumerable<FileInfo>(
            directory, static (ref entry) => (FileInfo)entry.ToFileSystemInfo(), Options)
        {
            ShouldIncludePredicate = static (ref entry) => !entry.IsDirectory && IsManifest(entry.FileName),
            ShouldRecursePredicate = IsLookedInto,
        };
        foreach (var file in found) files[Path.GetRelativePath(directory, file.FullName)] = file;
        return files;
    }

    /// <summary>A directory and all of its subdirectories that are looked into.</summary>
    public static HashSet<string> Directories(string root)
    {
        var directories = new HashSet<string>(StringComparer.Ordinal) { root };
        try
        {
            directories.UnionWith(
                new System.IO.Enumeration.FileSystemEnumerable<string>(root, static (ref entry) => entry.ToFullPath(), Options)
            {
                ShouldIncludePredicate = IsLookedInto,
                ShouldRecursePredicate = IsLookedInto,
            });
        }
        catch (IOException)
        {
            // It went away meanwhile; who looks at the files finds out.
        }
        return directories;
    }

    private static bool IsLookedInto(ref System.IO.Enumeration.FileSystemEntry entry)
        => entry.IsDirectory && entry.FileName is not ['.', ..] && (entry.Attributes & FileAttributes.ReparsePoint) == FileAttributes.None;

    /// <summary>The directory that the path leads to; null when it is none.</summary>
    public static string? Resolve(string path)
    {
        var directory = new DirectoryInfo(path);
        if (!directory.Exists) return null;
        return directory.LinkTarget is null ? directory.FullName : directory.ResolveLinkTarget(returnFinalTarget: true)?.FullName;
    }
}
