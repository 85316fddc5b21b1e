using EbpfLb.E2E.Deployment;
using EbpfLb.E2E.Migration;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Systemd;

/// <summary>A <see cref="MigrationBed"/> whose first node is a machine that systemd runs, and the package for it.</summary>
internal sealed class PackageBed : IDisposable
{
    public const string Config = "/etc/ebpflb/config.yaml", Manifests = "/etc/ebpflb/manifests";

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-machine-");
    private readonly DebianPackage package;

    public PackageBed()
    {
        Bed = new MigrationBed("iptables-nft");
        try
        {
            package = new DebianPackage(directory.CreateSubdirectory("deb").FullName);
            Machine = Bed.Keep(SystemdMachine.Start(Bed.Node));
            Machine.Copy(package.File, "/root/ebpflb.deb");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public MigrationBed Bed { get; }

    public SystemdMachine Machine { get; } = null!;

    /// <summary>As docs/install.md has it, with the manifests of the bed.</summary>
    public void Install()
    {
        Machine.Execute("apt-get", "install", "--yes", "/root/ebpflb.deb");
        PutManifests();
        Machine.Execute("systemctl", "enable", "--now", "ebpflb");
        WaitUntilReady();
    }

    public void PutManifests()
    {
        foreach (var file in Directory.EnumerateFiles(Bed.Manifests.Path))
            Machine.Write($"{Manifests}/{Path.GetFileName(file)}", File.ReadAllText(file));
    }

    public void WaitUntilReady() => Machine.Execute("ebpflb", "status", "--wait", "55s");

    /// <summary>The same package with a higher version, in /root/newer.deb.</summary>
    public void PackNewer()
    {
        var root = Path.Combine(directory.FullName, "newer");
        var file = Path.Combine(directory.FullName, "newer.deb");
        DebianPackage.Run(RepositoryPaths.Tool("dpkg-deb"), "--raw-extract", package.File, root);
        var control = Path.Combine(root, "DEBIAN", "control");
        File.WriteAllText(control, File.ReadAllText(control).Replace("\nVersion: ", "\nVersion: 9:", StringComparison.Ordinal));
        DebianPackage.Run(RepositoryPaths.Tool("dpkg-deb"), "-Znone", "--root-owner-group", "--build", root, file);
        Machine.Copy(file, "/root/newer.deb");
    }

    public void Dispose()
    {
        Bed.Dispose();
        directory.Delete(recursive: true);
    }
}
