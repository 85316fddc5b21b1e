namespace EbpfLb.Testing.Processes;

/// <summary>Where a test, which runs from build/dotnet/..., finds the rest of the repository.</summary>
public static class RepositoryPaths
{
    /// <summary>The directory that holds EbpfLb.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The client and server that run inside pods, built by <c>make netprobe</c>.</summary>
    public static string Netprobe { get; } = Path.Combine(Root, "build", "native", "netprobe");

    /// <summary>The full path of a system program, also when the sbin directories are not on the PATH.</summary>
    /// <exception cref="FileNotFoundException">The program is not installed.</exception>
    public static string Tool(string name)
    {
        var directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        foreach (var directory in directories.Concat(["/usr/sbin", "/sbin", "/usr/bin", "/bin"]))
        {
            var path = Path.Combine(directory, name);
            if (File.Exists(path))
                return path;
        }
        throw new FileNotFoundException($"'{name}' is not installed: run tools/install-deps.sh as root.", name);
    }

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
