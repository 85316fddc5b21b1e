namespace EbpfLb.Testing.Processes;

/// <summary>Where a test, which runs from build/dotnet/..., finds the rest of the repository.</summary>
public static class RepositoryPaths
{
    /// <summary>The directory that holds EbpfLb.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The client and server that run inside pods, built by <c>make netprobe</c>.</summary>
    public static string Netprobe { get; } = Path.Combine(Root, "build", "native", "netprobe");

    /// <summary>Programs that tools/install-deps.sh takes out of packages without installing these.</summary>
    private static string Unpacked { get; } = Path.Combine(Root, "build", "tools");

    /// <summary>The full path of a system program, also when the sbin directories are not on the PATH.</summary>
    /// <exception cref="FileNotFoundException">The program is not installed.</exception>
    public static string Tool(string name) => Find(name)
        ?? throw new FileNotFoundException($"'{name}' is not installed: 'tools/install-deps.sh test' as root "
                + "installs all that tests call, 'bench' what benchmarks call.",
            name);

    public static bool HasTool(string name) => Find(name) is not null;

    private static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/sbin", "/sbin", "/usr/bin", "/bin", Unpacked])
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "EbpfLb.sln")))
                return directory.FullName;
        }
        throw new DirectoryNotFoundException($"no EbpfLb.sln above {AppContext.BaseDirectory}: run the tests from a checkout.");
    }
}
