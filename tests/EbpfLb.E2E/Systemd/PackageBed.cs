using EbpfLb.E2E.Deployment;
using EbpfLb.E2E.Migration;

namespace EbpfLb.E2E.Systemd;

/// <summary>A <see cref="MigrationBed"/> whose first node is a machine that systemd runs, with the package at hand.</summary>
internal sealed class PackageBed : IDisposable
{
    public const string Config = "/etc/ebpflb/config.yaml", Manifests = "/etc/ebpflb/manifests";

    /// <param name="package">What will be /root/ebpflb.deb of the machine.</param>
    public PackageBed(DebianPackage package)
    {
        Bed = new MigrationBed("iptables-nft");
        try
        {
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

    public void Dispose() => Bed.Dispose();
}
