namespace EbpfLb.Architecture.Tests;

/// <summary>The files that the rules read: path relative to the repository root, with forward slashes, to text.</summary>
internal sealed class SourceTree(IReadOnlyDictionary<string, string> files, string root = "")
{
    private static readonly HashSet<string> Skipped = [".git", "build", "bin", "obj", "node_modules"];

    private static readonly HashSet<string> TextExtensions = [".cs", ".c", ".h", ".csproj", ".md"];

    public IReadOnlyDictionary<string, string> Files => files;

    /// <summary>Where the files are; "" for files that only a test made up.</summary>
    public string Root => root;

    public IEnumerable<(string Path, string Text)> WithExtension(params string[] extensions)
        => files.Where(f => extensions.Any(e => f.Key.EndsWith(e, StringComparison.Ordinal)))
            .OrderBy(f => f.Key, StringComparer.Ordinal)
            .Select(f => (f.Key, f.Value));

    /// <summary>Whether a file or a folder of this relative path exists; "*" stands for any part of one name.</summary>
    public bool Exists(string path)
    {
        path = path.TrimEnd('/');
        return files.Keys.Any(file => Covers(path.Split('/'), file.Split('/')));
    }

    private static bool Covers(string[] pattern, string[] file)
        => pattern.Length <= file.Length && pattern.Zip(file).All(pair => SameName(pair.First, pair.Second));

    private static bool SameName(string pattern, string name)
        => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);

    /// <summary>Reads the repository that holds the test program. Only names are kept of files that no rule reads.</summary>
    public static SourceTree OfRepository()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "EbpfLb.sln")))
            root = root.Parent
                ?? throw new InvalidOperationException("no EbpfLb.sln above the test program: build it inside the repository");
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(root.FullName, "", found);
        return new SourceTree(found, root.FullName);
    }

    private static void Add(string directory, string prefix, Dictionary<string, string> found)
    {
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
        {
            if (entry is FileInfo)
                found[prefix + entry.Name] = TextExtensions.Contains(entry.Extension) ? File.ReadAllText(entry.FullName) : "";
            else if (!Skipped.Contains(entry.Name) && entry.LinkTarget is null)
                Add(entry.FullName, $"{prefix}{entry.Name}/", found);
        }
    }
}
