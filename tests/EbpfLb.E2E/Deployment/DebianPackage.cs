using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Deployment;

/// <summary>The Debian package that tools/deb makes of the agent under test, and what is in it.</summary>
internal sealed class DebianPackage
{
    private static readonly ProcessPlace Here = new(null, null);

    /// <param name="directory">An empty one, which gets the package and what was unpacked.</param>
    public DebianPackage(string directory)
    {
        Run(RepositoryPaths.Tool("bash"), Path.Combine(RepositoryPaths.Root, "tools", "deb"), TestNode.Binary, directory);
        File = Assert.Single(Directory.EnumerateFiles(directory, "*.deb"));
        Root = Path.Combine(directory, "extracted");
        Run(RepositoryPaths.Tool("dpkg-deb"), "-x", File, Root);
    }

    public string File { get; }

    /// <summary>Where it is unpacked, with the paths of an installation below.</summary>
    public string Root { get; }

    public string Binary => Path.Combine(Root, "usr/bin/ebpflb");

    public string Config => Path.Combine(Root, "etc/ebpflb/config.yaml");

    /// <summary>What a command prints, which has to succeed.</summary>
    public static string Run(params string[] command)
    {
        var (code, said) = ChildProcess.Run(Here, command);
        Assert.True(code == 0, $"{string.Join(' ', command)}:\n{said}");
        return said;
    }
}
