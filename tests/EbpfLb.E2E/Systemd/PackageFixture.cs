using EbpfLb.E2E.Deployment;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Systemd;

/// <summary>The package for the tests of a class: to compress it takes seconds.</summary>
public sealed class PackageFixture : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-package-");
    private readonly Lazy<string> newer;

    public PackageFixture()
    {
        Package = new DebianPackage(directory.CreateSubdirectory("deb").FullName);
        newer = new Lazy<string>(PackNewer);
    }

    /// <summary>The same package with a higher version.</summary>
    public string Newer => newer.Value;

    internal DebianPackage Package { get; }

    public void Dispose() => directory.Delete(recursive: true);

    private string PackNewer()
    {
        var root = Path.Combine(directory.FullName, "newer");
        var file = $"{root}.deb";
        DebianPackage.Run(RepositoryPaths.Tool("dpkg-deb"), "--raw-extract", Package.File, root);
        var control = Path.Combine(root, "DEBIAN", "control");
        File.WriteAllText(control, File.ReadAllText(control).Replace("\nVersion: ", "\nVersion: 9:", StringComparison.Ordinal));
        DebianPackage.Run(RepositoryPaths.Tool("dpkg-deb"), "-Znone", "--root-owner-group", "--build", root, file);
        return file;
    }
}
